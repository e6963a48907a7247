import { describe, expect, it, vi } from "vitest";
import { ConfigurationError, etl, type Pipeline, type RunOptions } from "../../../src/index.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";

/** A pipeline of which nothing may be called. */
function untouched() {
  const call = vi.fn(() => []);
  const pipeline: Pipeline<number> = {
    ...{ name: "untouched", preProcess: call, extract: call, transform: call as never },
    ...{ load: call, postProcess: call, finalize: call },
  };
  return { call, pipeline };
}

const integer = "a positive integer";
const positive = "a number above 0";
const atLeast0 = "a number of at least 0";
const wrong: [object, string][] = [
  ...(["batchSize", "workers", "concurrency"] as const).flatMap((name): [object, string][] => [
    [{ [name]: 0 }, `'${name}' must be ${integer}: current value is 0`],
    [{ [name]: -1 }, `'${name}' must be ${integer}: current value is -1`],
    [{ [name]: 1.5 }, `'${name}' must be ${integer}: current value is 1.5`],
    [{ [name]: NaN }, `'${name}' must be ${integer}: current value is NaN`],
    name === "batchSize"
      ? [
        { batchSize: Infinity, timeout: Infinity },
        `'${name}' must be ${integer} if no other limit is finite: current value is Infinity`,
      ]
      : [{ [name]: Infinity }, `'${name}' must be ${integer}: current value is Infinity`],
    [{ [name]: "4" }, `'${name}' must be ${integer}: current value is "4"`],
    [{ [name]: 4n }, `'${name}' must be ${integer}: current value is 4n`],
    [{ [name]: null }, `'${name}' must be ${integer}: current value is null`],
  ]),
  ...["timeout", "maxBytes", "progressInterval"].flatMap((name): [object, string][] => [
    [{ [name]: 0 }, `'${name}' must be ${positive}: current value is 0`],
    [{ [name]: NaN }, `'${name}' must be ${positive}: current value is NaN`],
    [{ [name]: "1s" }, `'${name}' must be ${positive}: current value is "1s"`],
    [{ [name]: null }, `'${name}' must be ${positive}: current value is null`],
    [{ [name]: [5] }, `'${name}' must be ${positive}: current value is an array of 1`],
  ]),
  ...["drainTimeout", "abortTimeout"].flatMap((name): [object, string][] => [
    [{ [name]: -1 }, `'${name}' must be ${atLeast0}: current value is -1`],
    [{ [name]: NaN }, `'${name}' must be ${atLeast0}: current value is NaN`],
    [{ [name]: true }, `'${name}' must be ${atLeast0}: current value is true`],
    [{ [name]: null }, `'${name}' must be ${atLeast0}: current value is null`],
  ]),
  ...["sizeOf", "flushWhen", "onProgress"].flatMap((name): [object, string][] => [
    [{ [name]: 1 }, `'${name}' must be a function: current value is 1`],
    [{ [name]: null }, `'${name}' must be a function: current value is null`],
    [{ [name]: {} }, `'${name}' must be a function: current value is an object`],
  ]),
  [{ onError: "drop" }, `'onError' must be "flush" or "discard": current value is "drop"`],
  [{ onError: null }, `'onError' must be "flush" or "discard": current value is null`],
  [{ signal: {} }, "'signal' must be an AbortSignal: current value is an object"],
  [{ signal: null }, "'signal' must be an AbortSignal: current value is null"],
  [
    { signal: new AbortController() },
    "'signal' must be an AbortSignal: current value is an instance of AbortController",
  ],
  [
    { maxBytes: 9 },
    "'sizeOf' must be a function if 'maxBytes' is finite: current value is undefined",
  ],
  [{ batchsize: 9 }, "'batchsize' must be a known option, perhaps 'batchSize': current value is 9"],
  [{ worker: 2 }, "'worker' must be a known option, perhaps 'workers': current value is 2"],
  [{ singal: 0 }, "'singal' must be a known option, perhaps 'signal': current value is 0"],
  [
    { drainTimout: undefined },
    "'drainTimout' must be a known option, perhaps 'drainTimeout': current value is undefined",
  ],
];

describe("run options", () => {
  it.each(wrong)(
    "%o are rejected with the whole sentence before anything is called",
    async (options, rule) => {
      const { call, pipeline } = untouched();
      const { signal, ...counted } = new CountedSignal();
      const created = new ConfigurationError(`Cannot create pipeline "untouched" as ${rule}`);
      expect(() => etl(pipeline, options)).toThrow(created);
      const untried = etl(pipeline);
      const error = new ConfigurationError(`Cannot run pipeline "untouched" as ${rule}`);
      expect(() => untried.start({ signal, ...options })).toThrow(error);
      await expect(untried.run({ signal, ...options })).rejects.toEqual(error);
      expect(call).not.toHaveBeenCalled();
      expect(counted.added).toBe(0);
    },
  );

  it.each([null, 7, "fast", true])("are rejected if they are %o", async (options) => {
    const { pipeline } = untouched();
    const shown = typeof options === "string" ? `"${options}"` : options;
    const rule = `'options' must be an object: current value is ${shown}`;
    const given = options as RunOptions<number>;
    expect(() => etl(pipeline, given)).toThrow(`Cannot create pipeline "untouched" as ${rule}`);
    const error = new ConfigurationError(`Cannot run pipeline "untouched" as ${rule}`);
    expect(() => etl(pipeline).start(given)).toThrow(error);
    await expect(etl(pipeline).run(given)).rejects.toEqual(error);
  });

  it("reject with a ConfigurationError that has a code and no report", () => {
    const refused = (() => {
      try {
        etl(untouched().pipeline, { workers: 0 });
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(ConfigurationError);
    expect(refused).toMatchObject({
      name: "ConfigurationError",
      code: "CONFIGURATION",
      report: undefined,
    });
  });

  it("that are undefined count as not given", async () => {
    const sizes: number[] = [];
    const load = (rows: number[]) => void sizes.push(rows.length);
    const pipeline = etl({ name: "defaults", extract: () => [1, 2, 3], load }, { batchSize: 2 });
    await pipeline.run({ batchSize: undefined, signal: undefined, workers: undefined });
    expect(sizes).toEqual([2, 1]);
    await pipeline.run({ batchSize: 3 });
    expect(sizes).toEqual([2, 1, 3]);
    expect(Object.isFrozen(pipeline.defaults)).toBe(true);
  });

  it("are copied when the run begins", async () => {
    const sizes: number[] = [];
    const options = { batchSize: 2 };
    const load = (rows: number[]) => void sizes.push(rows.length);
    const pipeline = etl({ name: "kept", extract: () => [1, 2, 3], load }, options);
    options.batchSize = 3;
    const own = { batchSize: 1 };
    const run = pipeline.start(own);
    own.batchSize = 3;
    await run.finished;
    await pipeline.run();
    expect(sizes).toEqual([1, 1, 1, 2, 1]);
  });
});
