import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl } from "../../src/etl/etl.ts";
import { batched } from "../../src/streams/batched.ts";
import { chunks } from "../../src/streams/chunks.ts";
import type { Source } from "../../src/streams/source.ts";
import { outcomeOf, settle } from "../support/outcomes/outcome.ts";
import { after } from "../support/run/time.ts";
import { FedStream } from "../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Gives what a stream gives. */
async function* generatorOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

/** The same without being a generator. */
function iterableOf<T>(stream: ReadableStream<T>): AsyncIterable<T> {
  const generator = generatorOf(stream);
  return { [Symbol.asyncIterator]: () => ({ next: () => generator.next() }) };
}

/** Whatever is read item by item and has to be waited for. */
const kinds: Record<string, (stream: ReadableStream<number>) => Source<number>> = {
  "a stream": (stream) => stream,
  "an async generator": generatorOf,
  "an async iterable": iterableOf,
};

type SetTimer = (run: () => void, delay?: number) => unknown;

/** Calls back when the library lets everything else have a turn. */
function onPause(run: () => void): void {
  const host = globalThis as unknown as Record<"setImmediate" | "setTimeout", SetTimer>;
  const name = "setImmediate" in host ? "setImmediate" : "setTimeout";
  const original = host[name];
  vi.spyOn(host, name).mockImplementation((callback, delay) => {
    if (delay === undefined) run(); // Timers have one.
    return delay === undefined ? original(callback) : original(callback, delay);
  });
}

describe("the timeout of a batch", () => {
  it.each(Object.entries(kinds))(
    "starts again after full batches and after a due one, from %s",
    async (_, make) => {
      const source = new FedStream<number>();
      const reader = batched(make(source.stream), { batchSize: 10, timeout: 100 }).getReader();
      for (let turn = 0; turn < 20; turn++) {
        source.give(...Array(10).keys()); // Quick ones, so that the clock is looked at seldom.
        expect((await reader.read()).value).toHaveLength(10);
      }
      for (const size of [1, 2, 1]) {
        const read = outcomeOf(reader.read());
        source.give(...Array(size).keys());
        await vi.advanceTimersByTimeAsync(99);
        expect(read.state).toBe("pending");
        await vi.advanceTimersByTimeAsync(1);
        expect(read.value).toMatchObject({ value: { length: size } });
      }
      await reader.cancel();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("does not start again when a chunk is added to the batch", async () => {
    const source = new FedStream<number[]>();
    const reader = batched(chunks(source.stream), { batchSize: 10, timeout: 100 }).getReader();
    const read = outcomeOf(reader.read());
    for (const chunk of [[1, 2], [3], [4, 5]]) {
      source.give(chunk);
      await vi.advanceTimersByTimeAsync(33);
    }
    expect(read.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(read.value).toEqual({ done: false, value: [1, 2, 3, 4, 5] });
    await reader.cancel();
  });
});

describe("a source that is always ready", () => {
  const empty: Record<string, () => Source<number>> = {
    "a generator": () =>
      chunks(function* () {
        for (;;) yield [];
      }()),
    "an async generator": () =>
      chunks(async function* () {
        for (;;) yield [];
      }()),
    "a stream": () => chunks(new FedStream<number[]>((output) => output.enqueue([])).stream),
  };

  it.each(Object.entries(empty))(
    "lets timers run although all its chunks are empty: %s",
    async (_, extract) => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 1);
      const run = etl<number>({ name: "empty", extract, load: () => {} }).run({
        signal: stop.signal,
      });
      expect((await after(10, run)).value).toMatchObject({ report: { extracted: 0, pending: 0 } });
    },
  );

  it.each(["a stream", "an async generator", "a generator"])(
    "lets timers run every 20 ms: %s",
    async (kind) => {
      let now = 0;
      vi.useRealTimers();
      vi.spyOn(performance, "now").mockImplementation(() => now);
      const pauses: number[] = [];
      onPause(() => pauses.push(now));
      const next = () => now += 0.01;
      function* items() {
        while (pauses.length < 100) yield next();
      }
      const sources: Record<string, () => Source<number>> = {
        "a stream": () =>
          new FedStream<number>((output) =>
            pauses.length < 100 ? output.enqueue(next()) : output.close()
          )
            .stream,
        "an async generator": async function* () {
          yield* items();
        },
        "a generator": items,
      };
      await etl<number>({ name: "ready", extract: sources[kind]!, load: () => {} }).run({
        batchSize: 100,
      });
      const gaps = pauses.map((at, index) => at - (pauses[index - 1] ?? 0));
      expect(gaps).toHaveLength(100);
      for (const gap of gaps) expect(gap).toBeLessThan(50);
    },
  );

  it("is not read for long although there is room for a large batch", async () => {
    let now = 0;
    vi.useRealTimers();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    function* slowly() {
      while (now < 100_000) yield now++;
    }
    const batches = batched(slowly(), { batchSize: 100_000, timeout: 50 });
    const reader = batches.getReader();
    const { value } = await reader.read();
    expect(value?.length).toBeGreaterThan(15);
    expect(value?.length).toBeLessThan(150);
    await reader.cancel();
  });

  it("waits for loads that settle at once, so that few items are in memory", async () => {
    let given = 0;
    let held = 0;
    const run = etl<number>({
      name: "quick",
      extract: function* () {
        while (given < 1000) {
          held = Math.max(held, given - run.snapshot().loaded);
          yield given++;
        }
      },
      load: async () => {},
    }).start({ batchSize: 10, workers: 4 });
    await settle();
    expect((await run.finished).loaded).toBe(1000);
    expect(held).toBeLessThanOrEqual(20);
  });
});

describe("a transform that was quick and is slow now", () => {
  it("lets timers run within its batches", async () => {
    let now = 0;
    vi.useRealTimers();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    let mapped = 0;
    const within: number[] = [];
    onPause(() => mapped % 100 > 0 && within.push(mapped));
    await etl<number, number>({
      name: "slower",
      extract: () => Array.from({ length: 20_000 }, (_, index) => index),
      transform: (n) => {
        mapped++;
        now += n < 10_000 ? 0.000_1 : 5;
        return n;
      },
      load: () => {},
    }).run({ batchSize: 100, timeout: Infinity });
    expect(within.filter((at) => at > 15_000).length).toBeGreaterThan(50);
  });
});
