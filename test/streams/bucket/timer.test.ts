import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BucketOptions } from "../../../src/streams/bucket-options.ts";
import { BucketStream } from "../../../src/streams/bucket.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A bucket of 3 within 100 ms, with both its ends taken. */
function open(options: BucketOptions<number> = {}) {
  const bucket = new BucketStream<number>({ batchSize: 3, timeout: 100, ...options });
  return { writer: bucket.writable.getWriter(), reader: bucket.readable.getReader() };
}

describe("BucketStream: the timeout", () => {
  it("yields a partial batch after its first item has waited, without a further item", async () => {
    const { writer, reader } = open();
    const read = outcomeOf(reader.read());
    await writer.write(1);
    await vi.advanceTimersByTimeAsync(60);
    await writer.write(2);
    await vi.advanceTimersByTimeAsync(39);
    expect(read.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(read.value).toEqual({ done: false, value: [1, 2] });
    expect(vi.getTimerCount()).toBe(0);
    await writer.close();
  });

  it("starts with the first item of each batch", async () => {
    const { writer, reader } = open();
    const reads = [outcomeOf(reader.read()), outcomeOf(reader.read()), outcomeOf(reader.read())];
    await Promise.all([1, 2].map((n) => writer.write(n)));
    await vi.advanceTimersByTimeAsync(90);
    await Promise.all([3, 4].map((n) => writer.write(n))); // 3 closes the first batch.
    await vi.advanceTimersByTimeAsync(99);
    expect(reads[1]!.state).toBe("pending"); // The timer of the first batch closes no later one.
    await vi.advanceTimersByTimeAsync(1);
    expect(reads[1]!.value).toEqual({ done: false, value: [4] });
    await vi.advanceTimersByTimeAsync(500);
    await writer.write(5);
    await vi.advanceTimersByTimeAsync(99);
    expect(reads[2]!.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(reads[2]!.value).toEqual({ done: false, value: [5] });
    await writer.close();
  });

  it("needs one timer for many full batches, and none while nothing arrives", async () => {
    const { writer, reader } = open();
    for (let n = 0; n < 3_000; n += 3) {
      const read = reader.read();
      for (const item of [n, n + 1, n + 2]) void writer.write(item);
      expect((await read).value).toEqual([n, n + 1, n + 2]);
      expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    }
    const read = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(read.state).toBe("pending"); // No empty batch while idle.
    await writer.close();
  });

  it("does not fire for items that are batched by size", async () => {
    const { writer, reader } = open({ batchSize: 1 });
    const read = reader.read();
    await writer.write(1);
    expect((await read).value).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
    await writer.close();
  });

  it("yields the items once if a close comes in the same tick", async () => {
    const { writer, reader } = open();
    const reads = [outcomeOf(reader.read()), outcomeOf(reader.read())];
    await writer.write(1);
    let closed: Promise<void> | undefined;
    setTimeout(() => void (closed = writer.close()), 100);
    await vi.advanceTimersByTimeAsync(100);
    await closed;
    await settle();
    expect(reads.map(({ value }) => value)).toEqual([
      { done: false, value: [1] },
      { done: true, value: undefined },
    ]);
  });

  it.each(["before", "after"])("loses nothing if a write comes %s it in one tick", async (when) => {
    const { writer, reader } = open();
    const reads = [outcomeOf(reader.read()), outcomeOf(reader.read())];
    const write = () => void setTimeout(() => void writer.write(2), 100);
    if (when === "before") write();
    await writer.write(1);
    if (when === "after") write();
    await vi.advanceTimersByTimeAsync(100);
    await writer.close();
    await settle();
    const batches = reads.map(({ value }) => (value as ReadableStreamReadResult<number[]>).value);
    expect(batches.flat().filter((item) => item !== undefined)).toEqual([1, 2]);
    for (const batch of batches) expect(batch?.length).not.toBe(0);
  });

  it("yields a batch that fell due while nobody read with the next read", async () => {
    const { writer, reader } = open();
    await writer.write(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    await writer.write(2); // It is still open, so this goes with it.
    expect((await reader.read()).value).toEqual([1, 2]);
    const next = outcomeOf(reader.read());
    await writer.write(3);
    await vi.advanceTimersByTimeAsync(99);
    expect(next.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(next.value).toEqual({ done: false, value: [3] });
    await writer.close();
  });

  it("yields a batch that fell due behind a closed one right after it", async () => {
    const { writer, reader } = open();
    for (let n = 1; n <= 4; n++) void writer.write(n);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await reader.read()).value).toEqual([1, 2, 3]);
    expect((await reader.read()).value).toEqual([4]);
    await writer.close();
  });

  it("lets a due batch fill while nobody reads, and is not due twice", async () => {
    const { writer, reader } = open();
    await writer.write(1);
    await vi.advanceTimersByTimeAsync(100);
    for (let n = 2; n <= 4; n++) void writer.write(n);
    await settle();
    expect((await reader.read()).value).toEqual([1, 2, 3]);
    const read = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(99);
    expect(read.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(read.value).toEqual({ done: false, value: [4] });
    await writer.close();
  });

  it.each([2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Infinity])(
    "does not fire early at %d ms",
    async (timeout) => {
      const { writer, reader } = open({ timeout });
      const read = outcomeOf(reader.read());
      await writer.write(1);
      await vi.advanceTimersByTimeAsync(1_000_000);
      expect(read.state).toBe("pending");
      expect(vi.getTimerCount()).toBe(timeout === Infinity ? 0 : 1);
      await writer.close();
      await settle();
      expect(read.value).toEqual({ done: false, value: [1] });
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("fires although it is longer than a platform timer can be", async () => {
    const { writer, reader } = open({ timeout: 2 ** 31 + 10 });
    const read = outcomeOf(reader.read());
    await writer.write(1);
    await vi.advanceTimersByTimeAsync(2 ** 31 + 9);
    expect(read.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(read.value).toEqual({ done: false, value: [1] });
    await writer.close();
  });

  it("waits for the rest of the time if the platform fires up to a millisecond early", async () => {
    const { writer, reader } = open({ timeout: 1.5 });
    const read = outcomeOf(reader.read());
    await writer.write(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(read.value).toEqual({ done: false, value: [1] });
    await writer.close();
  });

  it("fires although a source is always ready", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { writer, reader } = open({ batchSize: 1_000 });
    const read = outcomeOf(reader.read());
    // Only promises from here on, so that no timer can fire; each item takes a millisecond.
    for (let n = 0; n < 200; n++, now++) await writer.write(n);
    const { value } = read.value as ReadableStreamReadResult<number[]>;
    expect(value?.length).toBeGreaterThan(99);
    expect(value?.length).toBeLessThanOrEqual(116); // It looks at the clock every 16 writes.
    await writer.close();
  });
});
