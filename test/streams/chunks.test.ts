import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../src/streams/batched.ts";
import { chunks } from "../../src/streams/chunks.ts";
import { outcomeOf, settle } from "../support/outcomes/outcome.ts";
import { FedStream, readAll, streamOf } from "../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** All batches of chunks of the given lengths, which hold 0, 1, 2 and so on. */
function batchesOf(lengths: number[], batchSize: number) {
  let next = 0;
  const arrays = lengths.map((length) => Array.from({ length }, () => next++));
  return readAll(batched(chunks(streamOf(arrays)), { batchSize }));
}

describe("chunks()", () => {
  it.each([
    [[5], 2],
    [[2, 5, 5], 5],
    [[2, 5, 5, 5, 5, 5, 5], 5],
    [[1, 4, 4, 4, 4], 4],
    [[3, 3, 1, 3, 3, 3], 3],
    [[0, 0, 1, 0, 7, 0], 3],
    [[100], 1],
    [[1, 1, 1, 1], 3],
    [[0, 0], 3],
  ])("keeps every item of chunks of %j in batches of %i", async (lengths, batchSize) => {
    const { chunks, error } = await batchesOf(lengths, batchSize);
    const count = lengths.reduce((sum, length) => sum + length);
    expect(error).toBeUndefined();
    expect(chunks.flat()).toEqual(Array.from({ length: count }, (_, n) => n));
    const sizes = chunks.map(({ length }) => length);
    const rest = count % batchSize;
    const full: number[] = Array(Math.floor(count / batchSize)).fill(batchSize);
    expect(sizes).toEqual(rest === 0 ? full : [...full, rest]);
  });

  it("passes a chunk of exactly batchSize items on uncopied", async () => {
    const arrays = [[1, 2], [3, 4], [5]];
    const { chunks: batches } = await readAll(batched(chunks(arrays), { batchSize: 2 }));
    expect(batches[0]).toBe(arrays[0]);
    expect(batches[1]).toBe(arrays[1]);
    expect(batches[2]).not.toBe(arrays[2]);
  });

  it("copies all other chunks, and does not modify them", async () => {
    const arrays = [[1], [2, 3, 4], [5, 6]];
    const { chunks: batches } = await readAll(batched(chunks(arrays), { batchSize: 2 }));
    expect(batches).toEqual([[1, 2], [3, 4], [5, 6]]);
    for (const batch of batches.slice(0, 2)) expect(arrays).not.toContain(batch);
    expect(arrays).toEqual([[1], [2, 3, 4], [5, 6]]);
  });

  it("does not pass an array on that is the source itself", async () => {
    const items = [1, 2];
    const { chunks: batches } = await readAll(batched(items, { batchSize: 2 }));
    expect(batches).toEqual([[1, 2]]);
    expect(batches[0]).not.toBe(items);
  });

  it("measures each item of a chunk", async () => {
    const sized = batched(chunks([[4, 4, 4], [10, 1]]), {
      batchSize: 3,
      maxBytes: 10,
      sizeOf: (n) => n,
    });
    expect(await readAll(sized)).toEqual({ chunks: [[4, 4], [4], [10], [1]] });
    const marked = batched(chunks([[1, 0, 2], [3, 0]]), { batchSize: 3, flushWhen: (n) => !n });
    expect(await readAll(marked)).toEqual({ chunks: [[1, 0], [2, 3, 0]] });
  });

  it.each([[undefined, "undefined"], ["abc", `"abc"`], [{ length: 1 }, "an object"], [7, "7"]])(
    "throws for a chunk that is not an array: %o",
    async (chunk, shown) => {
      const source = new FedStream<number[]>();
      const all = outcomeOf(readAll(batched(chunks(source.stream), { batchSize: 3 })));
      source.give([1, 2], chunk as unknown as number[], [3]);
      await settle();
      const { chunks: batches, error } = all.value as { chunks: number[][]; error: Error };
      expect(batches).toEqual([[1, 2]]);
      expect(error.message).toBe(
        `Cannot read chunk as 'chunk' must be an array: current value is ${shown}`,
      );
      expect(source.cancelled).toEqual([error]);
    },
  );

  it("starts the timeout of a batch with its first item, wherever that is in a chunk", async () => {
    const source = new FedStream<number[]>();
    const reader = batched(chunks(source.stream), { batchSize: 3, timeout: 100 }).getReader();
    const reads = [outcomeOf(reader.read()), outcomeOf(reader.read())];
    source.give([1, 2]);
    await vi.advanceTimersByTimeAsync(60);
    source.give([3, 4]);
    await vi.advanceTimersByTimeAsync(99);
    expect(reads.map(({ state }) => state)).toEqual(["fulfilled", "pending"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(reads[1]!.value).toEqual({ done: false, value: [4] });
    source.give([]);
    await settle();
    expect(vi.getTimerCount()).toBe(0); // An empty chunk begins no batch.
    await reader.cancel();
  });

  it("stops within a chunk while it is full, and drops the rest of it on cancel", async () => {
    const source = new FedStream<number[]>();
    const reader = batched(chunks(source.stream), { batchSize: 2 }).getReader();
    const first = outcomeOf(reader.read());
    source.give([1, 2, 3, 4, 5, 6, 7, 8], [9]);
    await settle();
    expect(first.value).toEqual({ done: false, value: [1, 2] });
    const pulls = source.pulls;
    await reader.cancel("enough");
    expect(source.cancelled).toEqual(["enough"]);
    expect(source.pulls).toBe(pulls);
    expect(source.stream.locked).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("continues a chunk where it stopped, even one as long as a batch", async () => {
    const packs = [[1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12]];
    const batches = batched(chunks(streamOf(packs)), { batchSize: 3 });
    const reader = batches.getReader();
    const read: unknown[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      read.push(value);
      await settle(); // It goes on until it is full.
    }
    expect(read).toEqual([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]);
  });

  it.each(["flush", "discard"] as const)("follows onError: %s", async (onError) => {
    const source = new FedStream<number[]>();
    const all = outcomeOf(readAll(batched(chunks(source.stream), { batchSize: 4, onError })));
    source.give([1, 2], [3]);
    await settle();
    source.fail("broken");
    await settle();
    const batches = onError === "flush" ? [[1, 2, 3]] : [];
    expect(all.value).toEqual({ chunks: batches, error: "broken" });
  });
});
