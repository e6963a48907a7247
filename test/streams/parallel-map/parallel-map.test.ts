import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { type ParallelMapOptions, ParallelMapStream } from "../../../src/streams/parallel-map.ts";
import { skip } from "../../../src/streams/skip.ts";
import { Calls } from "../../support/run/calls.ts";
import { outcomeOf, settle, turns } from "../../support/outcomes/outcome.ts";
import { readAll, streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A map of calls that the test ends, fed with 0, 1, 2 and so on, and read in the background. */
function open(options: ParallelMapOptions, count = 100) {
  const calls = new Calls<number, number | typeof skip>();
  const map = new ParallelMapStream<number, number>(calls.run, options);
  const results: number[] = [];
  const done = outcomeOf(
    streamOf(numbers(count)).pipeThrough(map).pipeTo(
      new WritableStream({ write: (n) => void results.push(n) }),
    ),
  );
  return { calls, results, done };
}

/** What a map gives for the items. */
function mapped<I, O>(
  items: I[],
  fn: (item: I) => O | typeof skip | PromiseLike<O | typeof skip>,
  options?: ParallelMapOptions,
) {
  return readAll(streamOf(items).pipeThrough(new ParallelMapStream(fn, options)));
}

const orders = [true, false];

describe("ParallelMapStream", () => {
  it("maps one item at a time, in order, by default", async () => {
    const { calls, results } = open({}, 3);
    for (const n of numbers(3)) {
      await settle();
      expect(calls.items).toEqual(numbers(n + 1));
      calls.begun[n]!.resolve(n * 2);
    }
    await settle();
    expect(results).toEqual([0, 2, 4]);
    expect(calls.most).toBe(1);
  });

  it.each([1, 2, 7, 100].flatMap((concurrency) => orders.map((ordered) => [concurrency, ordered])))(
    "runs exactly %i calls at once, ordered: %s",
    async (concurrency, ordered) => {
      const buffer = ordered ? { reorderBuffer: 100 } : {}; // Without an order it is refused.
      const options = { concurrency, ordered, ...buffer } as ParallelMapOptions;
      const { calls, results, done } = open(options, 300);
      await turns(2_000);
      for (let n = 0; n < 300; n++) {
        await settle();
        expect(calls.running).toBe(Math.min(concurrency as number, 300 - n));
        calls.begun[n]!.resolve(n);
      }
      await turns(10_000);
      expect(calls.most).toBe(concurrency);
      expect(results).toEqual(numbers(300));
      expect(done.state).toBe("fulfilled");
    },
  );

  it("keeps the order if later calls are done first", async () => {
    const { calls, results, done } = open({ concurrency: 4 }, 4);
    await settle();
    for (const n of [3, 1, 2]) calls.begun[n]!.resolve(n);
    await settle();
    expect(results).toEqual([]);
    calls.begun[0]!.resolve(0);
    await settle();
    expect(results).toEqual([0, 1, 2, 3]);
    expect(done.state).toBe("fulfilled");
  });

  it("yields results as they are done if ordered is false", async () => {
    const { calls, results } = open({ concurrency: 4, ordered: false }, 4);
    await settle();
    for (const n of [3, 1, 2, 0]) {
      calls.begun[n]!.resolve(n);
      await settle();
    }
    expect(results).toEqual([3, 1, 2, 0]);
  });

  it.each([[2, undefined, 2], [2, 5, 5], [4, 8, 8], [3, 3, 3], [100, 100, 100]])(
    "with concurrency %i and reorderBuffer %s has %i calls done before a slow first",
    async (concurrency, reorderBuffer, others) => {
      const { calls, results } = open({ concurrency, reorderBuffer }, 400);
      await turns(2_000);
      for (let n = 1;; n++) {
        await settle();
        if (calls.begun[n] === undefined) break;
        calls.begun[n]!.resolve(n);
      }
      expect(calls.begun.length - 1).toBe(others);
      expect(calls.most).toBe(concurrency);
      expect(results).toEqual([]);
      calls.begun[0]!.resolve(0);
      await turns(4_000);
      expect(results).toEqual(numbers(others + 1));
    },
  );

  it("leaves out skip, and yields undefined, null and false", async () => {
    const values = [undefined, skip, null, false, skip, 0, ""];
    for (const ordered of orders) {
      for (const fn of [(n: number) => values[n], (n: number) => Promise.resolve(values[n])]) {
        const { chunks } = await mapped(numbers(values.length), fn, { ordered });
        expect(chunks).toEqual([undefined, null, false, 0, ""]);
      }
    }
  });

  it.each(numbers(9))("ends if the last %i items are skipped", async (trailing) => {
    for (const ordered of orders) {
      const fn = async (n: number) => await (n < 20 - trailing ? n : skip);
      const { chunks, error } = await mapped(numbers(20), fn, { concurrency: 4, ordered });
      expect(error).toBeUndefined();
      expect(chunks).toEqual(numbers(20 - trailing));
    }
  });

  it("passes each call its index and one signal", async () => {
    const seen: [number, number][] = [];
    const signals = new Set<AbortSignal>();
    const map = new ParallelMapStream((item: number, { index, signal }) => {
      seen.push([item, index]);
      signals.add(signal);
      return item;
    }, { concurrency: 2 });
    await readAll(streamOf([7, 8, 9]).pipeThrough(map));
    expect(seen).toEqual([[7, 0], [8, 1], [9, 2]]);
    expect(signals.size).toBe(1);
    expect([...signals][0]!.aborted).toBe(false);
  });

  it("begins no call before the first read, then accepts writes as calls begin", async () => {
    const calls = new Calls<number>();
    const map = new ParallelMapStream<number, number>(calls.run, { concurrency: 2 });
    const writer = map.writable.getWriter();
    const writes = numbers(4).map((n) => outcomeOf(writer.write(n)));
    await settle();
    expect(calls.begun).toEqual([]);
    expect(writes.map(({ state }) => state)).toEqual(Array(4).fill("pending"));
    const reader = map.readable.getReader();
    outcomeOf(reader.read());
    await settle();
    expect(calls.items).toEqual([0, 1]);
    expect(writes.filter(({ state }) => state === "fulfilled")).toHaveLength(2);
    outcomeOf(writer.abort());
    await settle();
    for (const call of calls.begun) call.resolve(0);
    await settle();
    expect(calls.begun).toHaveLength(2);
  });

  it.each(orders)(
    "accepts a bounded number of items for a reader that stalls, ordered: %s",
    async (ordered) => {
      let made = 0;
      const map = new ParallelMapStream((n: number) => (made++, n), { concurrency: 3, ordered });
      const reader = streamOf(numbers(1_000)).pipeThrough(map).getReader();
      await reader.read();
      await settle();
      expect(made).toBeLessThanOrEqual(1 + 3 + 1); // Given, and reorderBuffer + 1 more.
      await reader.cancel();
    },
  );

  it("ends waiting reads when it closes", async () => {
    for (const ordered of orders) {
      const calls = new Calls<number>();
      const map = new ParallelMapStream<number, number>(calls.run, { concurrency: 3, ordered });
      const reader = map.readable.getReader();
      const reads = numbers(4).map(() => outcomeOf(reader.read()));
      const writer = map.writable.getWriter();
      for (const n of numbers(3)) void writer.write(n);
      const closed = outcomeOf(writer.close());
      await settle();
      for (const call of calls.begun) call.resolve(call.item);
      await settle();
      expect(reads.map(({ value }) => value)).toEqual([
        ...numbers(3).map((value) => ({ done: false, value })),
        { done: true, value: undefined },
      ]);
      expect(closed.state).toBe("fulfilled");
    }
  });

  it("ends an empty input", async () => {
    expect(await mapped([], (n) => n)).toEqual({ chunks: [] });
  });

  it("uses the first value that a thenable settles with", async () => {
    const twice = (n: number): PromiseLike<number> => ({
      then(done?: unknown) {
        (done as (n: number) => void)(n);
        (done as (n: number) => void)(n + 100);
        return this as never;
      },
    });
    for (const ordered of orders) {
      const { chunks } = await mapped(numbers(6), twice, { concurrency: 2, ordered });
      expect(chunks).toEqual(numbers(6));
    }
  });

  it("infers its types through pipeThrough", () => {
    const output = streamOf([1]).pipeThrough(
      new ParallelMapStream(async (n: number) => await (n > 1 ? `${n}` : skip)),
    );
    expectTypeOf(output).toEqualTypeOf<ReadableStream<string>>();
    void output.cancel().catch(() => {});
  });

  it.each([
    [[undefined], "'fn' must be a function: current value is undefined"],
    [[{}, {}], "'fn' must be a function: current value is an object"],
    [[Number, { concurrency: 0 }], "'concurrency' must be a positive integer: current value is 0"],
    [
      [Number, { concurrency: Infinity }],
      "'concurrency' must be a positive integer: current value is Infinity",
    ],
    [[Number, { ordered: "no" }], `'ordered' must be a boolean: current value is "no"`],
    [
      [Number, { reorderBuffer: 0 }],
      "'reorderBuffer' must be a positive integer: current value is 0",
    ],
    [[Number, { signal: {} }], "'signal' must be an AbortSignal: current value is an object"],
    [
      [Number, { concurency: 2 }],
      "'concurency' must be a known option, perhaps 'concurrency': current value is 2",
    ],
    [
      [Number, { ordered: false, reorderBuffer: 2 }],
      "'reorderBuffer' must be omitted if 'ordered' is false: current value is 2",
    ],
    [
      [Number, { workers: 2 }],
      "'workers' must be a known option, perhaps 'ordered': current value is 2",
    ],
  ])("throws for %o with the whole sentence", (given, sentence) => {
    expect(() => Reflect.construct(ParallelMapStream, given)).toThrow(
      expect.objectContaining({
        name: "ConfigurationError",
        message: `Cannot construct ParallelMapStream as ${sentence}`,
      }),
    );
  });

  it("ignores undefined options", () => {
    const options = {
      concurrency: undefined,
      ordered: undefined,
      reorderBuffer: undefined,
      signal: undefined,
    };
    expect(new ParallelMapStream(Number, options)).toBeInstanceOf(ParallelMapStream);
  });
});
