import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import { batched } from "../../../src/streams/batched.ts";
import { BucketStream } from "../../../src/streams/bucket.ts";
import type { BucketOptions } from "../../../src/streams/bucket-options.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const items = Array.from({ length: 10 }, (_, n) => n);
const sizeOf = () => 2;
const flushWhen = (item: number) => item % 4 === 3;

/** The ways of a batch into a user's hands. */
const ways: Record<string, (options: BucketOptions<number>) => Promise<unknown>> = {
  BucketStream: async (options) =>
    (await readAll(streamOf(items).pipeThrough(new BucketStream<number>(options)))).chunks,
  "batched() of an array": async (options) => (await readAll(batched(items, options))).chunks,
  "batched() of a stream": async (options) =>
    (await readAll(batched(streamOf(items), options))).chunks,
  "batched() of chunks": async (options) =>
    (await readAll(batched(chunks([items.slice(0, 5), items.slice(5)]), options))).chunks,
  "a run": async (options) => {
    const loaded: number[][] = [];
    const load = (batch: number[]) => void loaded.push(batch);
    await etl({ name: "limits", extract: () => items, load }).run(options);
    return loaded;
  },
  "a run with defaults": async (options) => {
    const loaded: number[][] = [];
    const load = (batch: number[]) => void loaded.push(batch);
    await etl({ name: "limits", extract: () => streamOf(items), load }, options).run();
    return loaded;
  },
};

const byFlag = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]];
const byBytes = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]];
const limits: [name: string, options: BucketOptions<number>, batches: number[][]][] = [
  ["bytes alone", { maxBytes: 6, sizeOf }, byBytes],
  ["bytes without time", { maxBytes: 6, sizeOf, timeout: Infinity }, byBytes],
  ["bytes and Infinity", { maxBytes: 6, sizeOf, batchSize: Infinity }, byBytes],
  ["flushWhen alone", { flushWhen }, byFlag],
  ["flushWhen and Infinity", { flushWhen, batchSize: Infinity, timeout: Infinity }, byFlag],
  ["flushWhen and a size", { flushWhen, batchSize: 3 }, [[0, 1, 2], [3], [4, 5, 6], [7], [8, 9]]],
  ["time and Infinity", { batchSize: Infinity, timeout: 50 }, [items]],
  ["the time by default", { batchSize: Infinity }, [items]],
  ["nothing", {}, items.map((item) => [item])],
  ["bytes without a limit", { maxBytes: Infinity }, items.map((item) => [item])],
];

const cases = Object.keys(ways).flatMap((way) =>
  limits.map(([name, options, batches]) => ({ way, name, options, batches }))
);

describe("a batch of BucketStream, batched() or a run", () => {
  it.each(cases)("is limited by $name: $way", async ({ way, options, batches }) => {
    vi.useRealTimers(); // None fires.
    expect(await ways[way]!(options)).toEqual(batches);
  });

  it("with a timeout alone is closed in time, and later items wait", async () => {
    const bucket = new BucketStream<number>({ batchSize: Infinity, timeout: 100 });
    const writer = bucket.writable.getWriter();
    const write = (...items: number[]) => items.map((item) => outcomeOf(writer.write(item)));
    const taken = write(0, 1, 2);
    await settle(100);
    taken.push(...write(3, 4));
    await settle(100);
    const [held] = write(5);
    await settle();
    expect(taken.map(({ state }) => state)).toEqual(Array(5).fill("fulfilled"));
    expect(held!.state).toBe("pending"); // Nobody reads.
    const reader = bucket.readable.getReader();
    expect((await reader.read()).value).toEqual([0, 1, 2]);
    expect((await reader.read()).value).toEqual([3, 4]);
    await settle();
    expect(held!.state).toBe("fulfilled");
    await reader.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("with a timeout alone blocks the source while nobody reads", async () => {
    const source = new FedStream<number>();
    const reader = batched(source.stream, { batchSize: Infinity, timeout: 100 }).getReader();
    const reads = [outcomeOf(reader.read())];
    for (let item = 0; item < 5; item++) {
      source.give(item);
      await settle(100);
    }
    const { pulls } = source; // Of the items 0 to 2, and on workerd one more.
    source.give(5);
    await settle(1_000);
    expect(source.pulls).toBe(pulls);
    for (let read = 0; read < 2; read++) reads.push(outcomeOf(reader.read()));
    await settle();
    expect(reads.map(({ value }) => (value as { value: number[] }).value)).toEqual([[0], [1], [2]]);
    await reader.cancel();
  });
});

describe("sizeOf and flushWhen of a bucket", () => {
  const answers = {
    sizeOf: ["5", null, undefined, NaN, -1, 1n, {}, Promise.resolve(1)],
    flushWhen: [1, 0, "", null, undefined, {}, Promise.resolve(true)],
  };
  const words = { sizeOf: "a number of at least 0", flushWhen: "a boolean" };
  const wrong = (["sizeOf", "flushWhen"] as const).flatMap((name) =>
    answers[name].map((answer) => ({ name, answer }))
  );

  it.each(wrong)("fail if $name returns $answer", async ({ name, answer }) => {
    const good = { sizeOf: 1, flushWhen: false }[name];
    const options = { batchSize: 4, [name]: (item: number) => item < 2 ? good : answer };
    const sentence = `Cannot measure item as '${name}' must be ${words[name]}: current value is `;
    const error = expect.objectContaining({
      name: "ConfigurationError",
      message: expect.stringContaining(sentence),
    });
    const bucket = new BucketStream<number>(options);
    expect(await readAll(streamOf(items).pipeThrough(bucket))).toEqual({ chunks: [[0, 1]], error });
    expect(await readAll(batched(items, options))).toEqual({ chunks: [[0, 1]], error });
  });

  it.each(["sizeOf", "flushWhen"])("may be %s that is async and rejects", async (name) => {
    const options = { batchSize: 4, [name]: () => Promise.reject(new Error("nobody hears it")) };
    const { error } = await readAll(batched(items, options));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain("current value is an instance of Promise");
  });
});

describe("a text as a source", () => {
  it.each(["a,b", "", new String("a,b")])("is rejected in a sentence: %o", async (text) => {
    const rule = (giving: string) =>
      `must be ${giving}items: a text as [text], its lines as text.split("\\n"): current value is `;
    const source = text as Iterable<string>;
    for (const given of [source, chunks<string>(source as never)]) {
      expect(() => batched(given)).toThrow(`Cannot batch source as 'source' ${rule("")}`);
      const run = etl<string>({ name: "text", extract: () => given, load: () => {} }).run();
      await expect(run).rejects.toMatchObject({
        stage: "extract",
        message: expect.stringContaining(`items: a text as [text]`),
      });
    }
  });

  it("may be a list of items", async () => {
    expect(await readAll(batched(["a,b", "c"], { batchSize: 2 }))).toEqual({
      chunks: [["a,b", "c"]],
    });
  });
});
