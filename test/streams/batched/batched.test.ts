import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { batched } from "../../../src/streams/batched.ts";
import { chunks } from "../../../src/streams/chunks.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const failure = new Error("broken");

describe("batched()", () => {
  it("yields full batches, and a final partial batch at the end", async () => {
    const batches = batched(streamOf([1, 2, 3, 4, 5]), { batchSize: 2 });
    expect(await readAll(batches)).toEqual({ chunks: [[1, 2], [3, 4], [5]] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("yields no batch for an empty source", async () => {
    expect(await readAll(batched<number>([]))).toEqual({ chunks: [] });
  });

  it("respects maxBytes and flushWhen", async () => {
    const sized = batched([4, 4, 4, 10, 1], { batchSize: 9, maxBytes: 10, sizeOf: (n) => n });
    expect(await readAll(sized)).toEqual({ chunks: [[4, 4], [4], [10], [1]] });
    const marked = batched([1, 0, 2, 0], { batchSize: 9, flushWhen: (n) => n === 0 });
    expect(await readAll(marked)).toEqual({ chunks: [[1, 0], [2, 0]] });
  });

  it("yields a partial batch at the timeout of its first item", async () => {
    const source = new FedStream<number>();
    const reader = batched(source.stream, { batchSize: 3, timeout: 100 }).getReader();
    const read = outcomeOf(reader.read());
    source.give(1, 2);
    await vi.advanceTimersByTimeAsync(99);
    expect(read.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(read.value).toEqual({ done: false, value: [1, 2] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    await reader.cancel();
  });

  it("reads nothing before the first read, and at most two batches ahead", async () => {
    let next = 0;
    const source = new FedStream<number>((output) => output.enqueue(next++));
    const reader = batched(source.stream, { batchSize: 5 }).getReader();
    await settle();
    expect(source.pulls).toBe(0);
    for (const taken of [15, 20, 25]) {
      await reader.read();
      await settle();
      expect(source.pulls).toBe(taken); // What was given, and two batches more.
    }
    await reader.cancel();
  });

  it("stops reading until there is room if an item has closed two batches", async () => {
    const sizes = [1, 20, 1, 20, 1, 20];
    const source = new FedStream<number>((output) => output.enqueue(sizes.shift()!));
    const options = { batchSize: 9, maxBytes: 10, sizeOf: (size: number) => size };
    const reader = batched(source.stream, options).getReader();
    for (const [batch, pulls] of [[[1], 4], [[20], 4], [[1], 6], [[20], 6]]) {
      expect((await reader.read()).value).toEqual(batch);
      await settle();
      expect(source.pulls).toBe(pulls);
    }
    await reader.cancel();
  });

  it("lets timers run although a source is always ready", async () => {
    let now = 0;
    vi.useRealTimers();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    // The timer cannot help here: it looks at the same clock, and waits for an hour besides.
    const source = new FedStream<number>((output) => output.enqueue(now++));
    const reader = batched(source.stream, { batchSize: 100_000, timeout: 3_600_000 }).getReader();
    const early = batched(new FedStream<number>((output) => output.enqueue(now++)).stream, {
      batchSize: 100_000,
      timeout: 50,
    }).getReader();
    const { value } = await early.read();
    expect(value?.length).toBeGreaterThan(15);
    expect(value?.length).toBeLessThan(150);
    await Promise.all([reader.cancel(), early.cancel()]);
  });

  it("serves concurrent reads in order", async () => {
    const reader = batched([1, 2, 3], { batchSize: 2 }).getReader();
    const reads = await Promise.all([reader.read(), reader.read(), reader.read()]);
    expect(reads.map(({ value }) => value)).toEqual([[1, 2], [3], undefined]);
  });

  it("keeps the batch of an abandoned read for the next reader", async () => {
    const source = new FedStream<number>();
    const batches = batched(source.stream, { batchSize: 2 });
    const reader = batches.getReader();
    const given = outcomeOf(reader.read());
    await settle();
    reader.releaseLock();
    source.give(1, 2, 3);
    source.close();
    await settle();
    expect(given.state).toBe("rejected");
    expect(await readAll(batches)).toEqual({ chunks: [[1, 2], [3]] });
  });

  it("keeps the batch of an abandoned read if the source fails", async () => {
    const source = new FedStream<number>();
    const batches = batched(source.stream, { batchSize: 2 });
    const reader = batches.getReader();
    const given = outcomeOf(reader.read());
    await settle();
    reader.releaseLock();
    source.give(1, 2);
    await settle();
    source.fail(failure);
    await settle();
    expect(given.state).toBe("rejected");
    expect(await readAll(batches)).toEqual({ chunks: [[1, 2]], error: failure });
  });

  it("infers its types", () => {
    expectTypeOf(batched([1])).toEqualTypeOf<ReadableStream<number[]>>();
    expectTypeOf(batched(chunks([["a"]]))).toEqualTypeOf<ReadableStream<string[]>>();
    expectTypeOf(batched(new Set([1n]), { sizeOf: (n) => Number(n) })).toEqualTypeOf<
      ReadableStream<bigint[]>
    >();
  });
});

describe("batched() whose source fails", () => {
  it.each([["flush", [[1, 2], [3]]], ["discard", []]] as const)(
    "follows onError: %s",
    async (onError, batches) => {
      const source = new FedStream<number>();
      const output = batched(source.stream, { batchSize: 2, onError });
      const reader = output.getReader();
      const first = outcomeOf(reader.read());
      source.give(9, 9, 1, 2, 3);
      await settle();
      expect(first.value).toEqual({ done: false, value: [9, 9] });
      source.fail(failure);
      await settle();
      reader.releaseLock();
      expect(await readAll(output)).toEqual({ chunks: batches, error: failure });
      expect(vi.getTimerCount()).toBe(0);
      expect(source.stream.locked).toBe(false);
    },
  );

  it.each(["sizeOf", "flushWhen"] as const)(
    "cancels the source if %s throws, and yields what was gathered",
    async (name) => {
      const source = new FedStream<number>();
      const measure = (item: number) => {
        if (item === 3) throw failure;
        return name === "sizeOf" ? 0 : false;
      };
      const output = batched(source.stream, { batchSize: 9, [name]: measure });
      const all = outcomeOf(readAll(output));
      source.give(1, 2, 3, 4);
      await settle();
      expect(all.value).toEqual({ chunks: [[1, 2]], error: failure });
      expect(source.cancelled).toEqual([failure]);
      expect(source.stream.locked).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});

describe("batched() that is cancelled", () => {
  const states = {
    "before the first read": { batchSize: 2, reads: 0, items: [] },
    "while a read of the source is pending": { batchSize: 9, reads: 1, items: [1] },
    "while a read of it is pending too": { batchSize: 9, reads: 2, items: [] },
    "while it is full": { batchSize: 1, reads: 1, items: [1, 2, 3, 4] },
    "while a batch is due": { batchSize: 1, reads: 1, items: [1, 2] },
  };
  it.each(Object.entries(states))("%s", async (_, { batchSize, reads, items }) => {
    const source = new FedStream<number>();
    const reader = batched(source.stream, { batchSize, timeout: 10 }).getReader();
    const outcomes = Array.from({ length: reads }, () => outcomeOf(reader.read()));
    source.give(...items);
    await settle();
    const cancelled = outcomeOf(reader.cancel("enough"));
    await settle();
    expect(cancelled).toEqual({ state: "fulfilled", value: undefined });
    expect(source.cancelled).toEqual(["enough"]);
    expect(source.stream.locked).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    for (const { state } of outcomes) expect(state).toBe("fulfilled");
    expect((await reader.read()).done).toBe(true);
  });

  it("rejects cancel() with what cancelling the source throws", async () => {
    const source = new ReadableStream<number>({
      cancel: () => {
        throw failure;
      },
    });
    const reader = batched(source).getReader();
    outcomeOf(reader.read());
    await settle();
    await expect(reader.cancel("enough")).rejects.toBe(failure);
    expect(source.locked).toBe(false);
  });
});
