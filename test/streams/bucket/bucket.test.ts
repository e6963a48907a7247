import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import type { BucketOptions } from "../../../src/streams/bucket-options.ts";
import { BucketStream } from "../../../src/streams/bucket.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { readAll, streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** All batches that the items make. */
async function batchesOf<T>(items: T[], options: BucketOptions<T>): Promise<T[][]> {
  const { chunks, error } = await readAll(streamOf(items).pipeThrough(new BucketStream(options)));
  expect(error).toBeUndefined();
  return chunks;
}

/** A bucket with both its ends taken. */
function open<T = number>(options: BucketOptions<T>) {
  const bucket = new BucketStream<T>(options);
  return { bucket, writer: bucket.writable.getWriter(), reader: bucket.readable.getReader() };
}

/** How many of `count` writes are accepted while nobody reads. */
async function acceptedOf(writer: WritableStreamDefaultWriter<number>, count: number) {
  const writes = Array.from({ length: count }, (_, n) => outcomeOf(writer.write(n)));
  await settle();
  return writes.filter(({ state }) => state === "fulfilled").length;
}

describe("BucketStream", () => {
  it.each([
    [[], 3, []],
    [[1], 3, [[1]]],
    [[1, 2, 3], 3, [[1, 2, 3]]],
    [[1, 2, 3, 4], 3, [[1, 2, 3], [4]]],
    [[1, 2, 3], 1, [[1], [2], [3]]],
    [[1, 2, 3], 10, [[1, 2, 3]]],
  ])("makes %j into batches of at most %i: %j", async (items, batchSize, batches) => {
    expect(await batchesOf<number>(items, { batchSize })).toEqual(batches);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("yields batches of one item by default", async () => {
    expect(await batchesOf([1, 2], {})).toEqual([[1], [2]]);
    expect(await readAll(streamOf([1, 2]).pipeThrough(new BucketStream<number>()))).toEqual({
      chunks: [[1], [2]],
    });
  });

  it("keeps undefined, null and 0 as items", async () => {
    expect(await batchesOf([undefined, null, 0], { batchSize: 2 })).toEqual([
      [undefined, null],
      [0],
    ]);
  });

  it("closes a batch before the item that would carry it over maxBytes", async () => {
    const options = { batchSize: 9, maxBytes: 10, sizeOf: (item: number) => item };
    expect(await batchesOf([4, 4, 4, 10, 1, 9, 1], options)).toEqual([[4, 4], [4], [10], [1, 9], [
      1,
    ]]);
  });

  it("yields an item above maxBytes alone", async () => {
    const options = { batchSize: 9, maxBytes: 10, sizeOf: (item: number) => item };
    const items = [99, 1, 99, 99, 2, Infinity, 0, 3];
    const batches = [[99], [1], [99], [99], [2], [Infinity], [0, 3]];
    expect(await batchesOf(items, options)).toEqual(batches);
  });

  it("measures even without a limit of bytes, and accepts items of size 0", async () => {
    expect(await batchesOf([1, 2, 3], { batchSize: 2, sizeOf: () => 0 })).toEqual([[1, 2], [3]]);
  });

  it("closes a batch with the item that flushWhen names: first, last and alone", async () => {
    const options = { batchSize: 3, flushWhen: (item: number) => item === 0 };
    expect(await batchesOf([0, 1, 0, 1, 2, 0, 3, 0], options)).toEqual([[0], [1, 0], [1, 2, 0], [
      3,
      0,
    ]]);
  });

  it("infers its types through pipeThrough", () => {
    const batches = streamOf([1]).pipeThrough(new BucketStream({ batchSize: 2 }));
    expectTypeOf(batches).toEqualTypeOf<ReadableStream<number[]>>();
    const rows = streamOf([{ id: 1 }]).pipeThrough(
      new BucketStream({ sizeOf: (row: { id: number }) => row.id }),
    );
    expectTypeOf(rows).toEqualTypeOf<ReadableStream<{ id: number }[]>>();
    void batches.cancel().catch(() => {});
    void rows.cancel().catch(() => {});
  });
});

describe("BucketStream without a reader", () => {
  it.each([1, 2, 5])("accepts twice a batchSize of %i, then blocks writes", async (size) => {
    const bucket = new BucketStream<number>({ batchSize: size });
    const writer = bucket.writable.getWriter();
    expect(await acceptedOf(writer, 4 * size)).toBe(2 * size);
    await writer.abort();
  });

  it("accepts no more than that if bytes close the batches", async () => {
    const { writer } = open({ batchSize: 2, maxBytes: 10, sizeOf: (n) => n === 3 ? 9 : 4 });
    expect(await acceptedOf(writer, 9)).toBe(4); // [0, 1], [2], and 3 alone.
    await writer.abort();
  });

  it("accepts one more batch for each that is read", async () => {
    const { writer, reader } = open({ batchSize: 2 });
    const writes = Array.from({ length: 12 }, (_, n) => outcomeOf(writer.write(n)));
    for (const taken of [4, 6, 8, 10, 12]) {
      await settle();
      expect(writes.filter(({ state }) => state === "fulfilled")).toHaveLength(taken);
      expect((await reader.read()).value).toEqual([taken - 4, taken - 3]);
    }
    await writer.abort();
  });

  it("settles waiting writes on abort, and yields what it accepted", async () => {
    const { writer, reader } = open({ batchSize: 1 });
    const writes = [1, 2, 3, 4].map((n) => outcomeOf(writer.write(n)));
    await settle();
    const aborted = outcomeOf(writer.abort("stop"));
    await settle();
    expect(aborted.state).toBe("fulfilled");
    // The held one was in flight, which a writable completes; the one behind it was not.
    expect(writes.map(({ state }) => state)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
    for (const n of [1, 2, 3]) expect((await reader.read()).value).toEqual([n]);
    await expect(reader.read()).rejects.toBe("stop");
  });

  it("settles waiting writes on cancel", async () => {
    const { writer, reader } = open({ batchSize: 1 });
    const writes = [1, 2, 3, 4].map((n) => outcomeOf(writer.write(n)));
    const closed = outcomeOf(writer.closed);
    await settle();
    await reader.cancel("stop");
    await settle();
    expect(writes.slice(2)).toEqual(Array(2).fill({ state: "rejected", value: "stop" }));
    expect(closed).toEqual({ state: "rejected", value: "stop" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("rejects a waiting write if flushWhen fails, after what was gathered", async () => {
    const error = new Error("no");
    const flushWhen = (n: number) => {
      if (n === 3) throw error;
      return false;
    };
    const { writer, reader } = open({ batchSize: 1, flushWhen });
    const writes = [1, 2, 3].map((n) => outcomeOf(writer.write(n)));
    await settle();
    expect((await reader.read()).value).toEqual([1]);
    await settle();
    expect(writes[2]).toEqual({ state: "rejected", value: error });
    expect((await reader.read()).value).toEqual([2]);
    await expect(reader.read()).rejects.toBe(error);
  });

  it("closes at once, then yields a final partial batch", async () => {
    const { writer, reader } = open({ batchSize: 4 });
    for (let n = 0; n < 6; n++) void writer.write(n);
    await writer.close();
    expect(vi.getTimerCount()).toBe(0);
    expect((await reader.read()).value).toEqual([0, 1, 2, 3]);
    expect((await reader.read()).value).toEqual([4, 5]);
    expect((await reader.read()).done).toBe(true);
  });
});

describe("BucketStream with concurrent and abandoned reads", () => {
  it("serves concurrent reads in order", async () => {
    const { writer, reader } = open({ batchSize: 2 });
    const reads = [1, 2, 3, 4].map(() => outcomeOf(reader.read()));
    for (let n = 1; n <= 5; n++) void writer.write(n);
    await writer.close();
    await settle();
    expect(reads.map(({ value }) => value)).toEqual([
      { done: false, value: [1, 2] },
      { done: false, value: [3, 4] },
      { done: false, value: [5] },
      { done: true, value: undefined },
    ]);
  });

  it.each(["close", "abort"] as const)(
    "keeps the batch of an abandoned read for the next reader, even on %s",
    async (end) => {
      const { bucket, writer, reader } = open({ batchSize: 2 });
      const given = outcomeOf(reader.read());
      await settle();
      reader.releaseLock();
      for (let n = 1; n <= 5; n++) void writer.write(n);
      await settle();
      await writer[end]("stop");
      await settle();
      expect(given.state).toBe("rejected");
      const { chunks, error } = await readAll(bucket.readable);
      expect(chunks).toEqual([[1, 2], [3, 4], [5]]);
      expect(error).toBe(end === "close" ? undefined : "stop");
    },
  );

  it("keeps the batch of an abandoned read if the input fails", async () => {
    const { bucket, writer, reader } = open({ batchSize: 2 });
    const given = outcomeOf(reader.read());
    await settle();
    reader.releaseLock();
    for (let n = 1; n <= 2; n++) void writer.write(n);
    await settle();
    await writer.abort("stop");
    expect(given.state).toBe("rejected");
    expect(await readAll(bucket.readable)).toEqual({ chunks: [[1, 2]], error: "stop" });
  });

  it("yields no empty batch if a due batch is discarded behind an abandoned read", async () => {
    const { bucket, writer, reader } = open({ batchSize: 2, timeout: 10, onError: "discard" });
    const given = outcomeOf(reader.read());
    await settle();
    reader.releaseLock();
    for (let n = 1; n <= 3; n++) void writer.write(n);
    await vi.advanceTimersByTimeAsync(10);
    await writer.abort("stop");
    expect(given.state).toBe("rejected");
    const { chunks, error } = await readAll(bucket.readable);
    for (const batch of chunks) expect(batch).toEqual([1, 2]);
    expect(error).toBe("stop");
  });
});

describe("BucketStream whose input fails", () => {
  const failure = new Error("broken");
  const ends = {
    throw: (input: TransformStreamDefaultController<number>) => input.error(failure),
    abort: (_: unknown, writer: WritableStreamDefaultWriter<number>) => writer.abort(failure),
    signal: (_: unknown, __: unknown, pipe: AbortController) => pipe.abort(failure),
    sizeOf: (_: unknown, writer: WritableStreamDefaultWriter<number>) => writer.write(-1),
    flushWhen: (_: unknown, writer: WritableStreamDefaultWriter<number>) => writer.write(-2),
  };
  const throwAt = (poison: number) => (item: number) => {
    if (item === poison) throw failure;
    return 0;
  };

  it.each(
    (["flush", "discard"] as const).flatMap((onError) =>
      (Object.keys(ends) as (keyof typeof ends)[]).map((end) => ({ onError, end }))
    ),
  )("follows onError: $onError, $end", async ({ onError, end }) => {
    const bucket = new BucketStream<number>({
      batchSize: 2,
      onError,
      sizeOf: throwAt(-1),
      flushWhen: (item) => throwAt(-2)(item) !== 0,
    });
    let control!: TransformStreamDefaultController<number>;
    const input = new TransformStream<number>({ start: (c) => void (control = c) });
    const pipe = new AbortController();
    const writer = input.writable.getWriter();
    const output = input.readable.pipeThrough(bucket, { signal: pipe.signal });
    for (let n = 1; n <= 3; n++) outcomeOf(writer.write(n));
    await settle();
    outcomeOf(ends[end](control, writer, pipe) as Promise<void>);
    if (end === "signal") outcomeOf(writer.write(4)); // workerd heeds it at the next chunk only.
    await settle();
    const { chunks, error } = await readAll(output);
    expect(error).toBe(failure);
    const gathered = chunks.flat();
    if (onError === "discard") expect(gathered).toEqual([]);
    else expect(gathered.slice(0, 3)).toEqual([1, 2, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([[NaN, "NaN"], [-1, "-1"], ["5", `"5"`], [undefined, "undefined"], [1n, "1n"]])(
    "fails if sizeOf returns %s",
    async (size, shown) => {
      const { writer, reader } = open({ batchSize: 2, sizeOf: (n) => n < 2 ? 1 : size as number });
      outcomeOf(writer.write(1));
      await expect(writer.write(2)).rejects.toMatchObject({
        name: "ConfigurationError",
        message:
          `Cannot measure item as 'sizeOf' must be a number of at least 0: current value is ${shown}`,
      });
      expect((await reader.read()).value).toEqual([1]);
      await expect(reader.read()).rejects.toThrow("Cannot measure item");
    },
  );
});
