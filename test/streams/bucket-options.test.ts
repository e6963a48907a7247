import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { batched } from "../../src/streams/batched.ts";
import { BucketStream } from "../../src/streams/bucket.ts";

const refused: [options: unknown, sentence: string][] = [
  [{ batchSize: 0 }, "'batchSize' must be a positive integer: current value is 0"],
  [{ batchSize: -1 }, "'batchSize' must be a positive integer: current value is -1"],
  [{ batchSize: 1.5 }, "'batchSize' must be a positive integer: current value is 1.5"],
  [{ batchSize: NaN }, "'batchSize' must be a positive integer: current value is NaN"],
  [
    { batchSize: Infinity, timeout: Infinity },
    "'batchSize' must be a positive integer if no other limit is finite: current value is Infinity",
  ],
  [
    { batchSize: Infinity, timeout: Infinity, maxBytes: Infinity, sizeOf: () => 1 },
    "'batchSize' must be a positive integer if no other limit is finite: current value is Infinity",
  ],
  [
    { timeout: 50 },
    "'batchSize' must be given with 'timeout', as one item never waits: " +
    "current value is undefined",
  ],
  [{ batchSize: "2" }, `'batchSize' must be a positive integer: current value is "2"`],
  [{ batchSize: 2n }, "'batchSize' must be a positive integer: current value is 2n"],
  [{ batchSize: null }, "'batchSize' must be a positive integer: current value is null"],
  [
    { batchSize: 2 ** 53 },
    "'batchSize' must be a positive integer: current value is 9007199254740992",
  ],
  [{ timeout: 0 }, "'timeout' must be a number above 0: current value is 0"],
  [{ timeout: -5 }, "'timeout' must be a number above 0: current value is -5"],
  [{ timeout: NaN }, "'timeout' must be a number above 0: current value is NaN"],
  [{ timeout: "5" }, `'timeout' must be a number above 0: current value is "5"`],
  [{ timeout: true }, "'timeout' must be a number above 0: current value is true"],
  [
    { maxBytes: 0, sizeOf: () => 1 },
    "'maxBytes' must be a number above 0: current value is 0",
  ],
  [
    { maxBytes: 10 },
    "'sizeOf' must be a function if 'maxBytes' is finite: current value is undefined",
  ],
  [{ sizeOf: 1 }, "'sizeOf' must be a function: current value is 1"],
  [{ flushWhen: {} }, "'flushWhen' must be a function: current value is an object"],
  [{ flushWhen: [1, 2] }, "'flushWhen' must be a function: current value is an array of 2"],
  [
    { flushWhen: new Date(0) },
    "'flushWhen' must be a function: current value is an instance of Date",
  ],
  [{ onError: "drop" }, `'onError' must be "flush" or "discard": current value is "drop"`],
  [{ onError: () => {} }, `'onError' must be "flush" or "discard": current value is a function`],
  [{ maxByte: 9 }, "'maxByte' must be a known option, perhaps 'maxBytes': current value is 9"],
  [
    { batchsize: 9 },
    "'batchsize' must be a known option, perhaps 'batchSize': current value is 9",
  ],
  [
    { time_out: undefined },
    "'time_out' must be a known option, perhaps 'timeout': current value is undefined",
  ],
  [null, "'options' must be an object: current value is null"],
  [5, "'options' must be an object: current value is 5"],
];

describe("bucket options", () => {
  it.each(refused)("BucketStream() throws for %o with the whole sentence", (options, sentence) => {
    const error = new ConfigurationError(`Cannot construct BucketStream as ${sentence}`);
    expect(() => Reflect.construct(BucketStream, [options])).toThrow(error);
  });

  it.each(refused)("batched() throws for %o before it touches the source", (options, sentence) => {
    const error = new ConfigurationError(`Cannot batch source as ${sentence}`);
    const source = new ReadableStream<number>();
    expect(() => Reflect.apply(batched, undefined, [source, options])).toThrow(error);
    expect(source.locked).toBe(false);
  });

  it("ignore undefined", () => {
    const options = {
      batchSize: undefined,
      timeout: undefined,
      maxBytes: undefined,
      sizeOf: undefined,
      flushWhen: undefined,
      onError: undefined,
    };
    expect(new BucketStream(options)).toBeInstanceOf(BucketStream);
    expect(batched([1], options)).toBeInstanceOf(ReadableStream);
  });

  it("accept maxBytes of Infinity without sizeOf", () => {
    expect(new BucketStream({ maxBytes: Infinity })).toBeInstanceOf(BucketStream);
  });

  it("throw a ConfigurationError", () => {
    const construct = () => new BucketStream({ batchSize: 0 });
    expect(construct).toThrow(ConfigurationError);
    expect(construct).toThrow(
      expect.objectContaining({ name: "ConfigurationError", code: "CONFIGURATION" }),
    );
  });
});
