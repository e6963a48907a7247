import { describe, expect, it } from "vitest";
import {
  batched,
  BucketStream,
  chunks,
  LoaderStream,
  malformed,
  ParallelMapStream,
  RateLimitStream,
} from "../../../src/index.ts";
import { FedStream, readAll, streamOf } from "../../support/streams/streams.ts";

const broken = new Error("broken");
const given = (): number[] => [1, 2, 3, malformed("{", broken), 5];

describe("malformed()", () => {
  it("is an error of its own, which has what the source has, and why", () => {
    const item: unknown = malformed("{", broken);
    expect(item).toBeInstanceOf(Error);
    expect(item).toMatchObject({ name: "Malformed", message: "broken", raw: "{", cause: broken });
  });
});

describe("an item that its source could not read, outside of a run", () => {
  it.each([
    ["an array", given],
    ["a stream", () => streamOf(given())],
    ["chunks", () => chunks([[1, 2], given().slice(2)])],
    ["a sync iterable", () => new Set(given())],
  ])("fails batched() in its place: %s", async (_, source) => {
    const { chunks, error } = await readAll(batched<number>(source(), { batchSize: 2 }));
    expect(chunks).toEqual([[1, 2], [3]]);
    expect(error).toBe(broken);
  });

  it("fails batched() at once where nothing comes before it", async () => {
    const { chunks, error } = await readAll(batched([malformed(1, broken), 2], { batchSize: 2 }));
    expect([chunks, error]).toEqual([[], broken]);
  });

  it("takes its batch with it where what is gathered is discarded", async () => {
    const source = given();
    const batches = batched(source, { batchSize: 2, onError: "discard" });
    const { chunks, error } = await readAll(batches);
    expect([chunks, error]).toEqual([[[1, 2]], broken]);
  });

  it("cancels the source of batched()", async () => {
    const source = new FedStream<number>();
    source.give(...given());
    const { chunks, error } = await readAll(batched(source.stream, { batchSize: 2 }));
    expect([chunks, error]).toEqual([[[1, 2], [3]], broken]);
    expect(source.cancelled).toEqual([broken]);
  });

  it("is not measured", async () => {
    const measured: unknown[] = [];
    const sizeOf = (item: number) => (measured.push(item), 1);
    const source = given();
    await readAll(batched(source, { batchSize: 5, maxBytes: 100, sizeOf }));
    expect(measured).toEqual([1, 2, 3, 5]);
  });

  it("fails a BucketStream in its place", async () => {
    const source = new FedStream<number>();
    source.give(...given());
    const bucket = new BucketStream<number>({ batchSize: 2 });
    const { chunks, error } = await readAll(source.stream.pipeThrough(bucket));
    expect([chunks, error]).toEqual([[[1, 2], [3]], broken]);
    expect(source.cancelled).toEqual([broken]);
  });

  it.each([["in order", "input"], ["as they come", "completion"]] as const)(
    "fails a ParallelMapStream in its place, results %s",
    async (_, order) => {
      const mapped: number[] = [];
      const map = async (n: number) => {
        for (let turn = 0; turn < 10 * n; turn++) await undefined;
        mapped.push(n);
        return n;
      };
      const stream = new ParallelMapStream(map, { concurrency: 4, ordered: order === "input" });
      const { chunks, error } = await readAll(streamOf(given()).pipeThrough(stream));
      expect([chunks, error]).toEqual([[1, 2, 3], broken]);
      expect(mapped).toEqual([1, 2, 3]);
    },
  );

  it("fails a LoaderStream in its place", async () => {
    const loaded: number[] = [];
    const load = async (n: number) => {
      await undefined;
      loaded.push(n);
    };
    const source = new FedStream<number>();
    source.give(...given());
    const piped = source.stream.pipeTo(new LoaderStream(load, { workers: 2 }));
    await expect(piped).rejects.toBe(broken);
    expect(loaded).toEqual([1, 2, 3]);
    expect(source.cancelled).toEqual([broken]);
  });

  it("fails a RateLimitStream in its place", async () => {
    const limit = new RateLimitStream<number>({ limit: 10, interval: 10 });
    const { chunks, error } = await readAll(streamOf(given()).pipeThrough(limit));
    expect([chunks, error]).toEqual([[1, 2, 3], broken]);
  });
});
