import { describe, expect, it } from "vitest";
import { type Chunks, chunks, etl, MemoryCheckpointStore } from "../../../src/index.ts";
import { commitsTo } from "../../../src/checkpoints/checkpoint.ts";
import {
  concat,
  distinct,
  drop,
  filter,
  flatMap,
  lookup,
  map,
  merge,
  pipe,
  reduceByKey,
  sample,
  scan,
  take,
  takeUntil,
  takeWhile,
  tap,
  window,
} from "../../../src/adapters/operators.ts";
import { FedStream } from "../../support/streams/streams.ts";

const { signal } = new AbortController();
const numbers = [1, 2, 3];
const counts = { by: (n: number) => n, init: () => 0, add: (n: number) => n + 1, max: 5 };

const steady: Record<string, () => Chunks<unknown>> = {
  "plain functions": () => pipe(numbers, map((n) => n), filter(() => true), flatMap((n) => [n])),
  "promises in order": () => pipe(numbers, tap(async () => {}, { concurrency: 2 })),
  "takeWhile and lookup": () =>
    pipe(numbers, takeWhile(() => true), lookup({ key: (n) => n, load: () => [] })),
};
const stateful: Record<string, () => Chunks<unknown>> = {
  distinct: () => pipe(numbers, distinct({ max: 5 })),
  scan: () => pipe(numbers, scan((sum, n) => sum + n, () => 0)),
  take: () => pipe(numbers, take(2)),
  drop: () => pipe(numbers, drop(1)),
  window: () => pipe(numbers, window({ size: 2 })),
  reduceByKey: () => pipe(numbers, reduceByKey(counts)),
  sample: () => pipe(pipe(numbers, sample({ rate: 1 })), map((n) => n)),
};
const timed: Record<string, () => Chunks<unknown>> = {
  "takeUntil": () => pipe(numbers, takeUntil(signal)),
  "distinct({ ttl })": () => pipe(numbers, distinct({ ttl: 5 })),
  "window({ every })": () => pipe(numbers, window({ every: 5 })),
  "reduceByKey({ flushEvery })": () => pipe(numbers, reduceByKey({ ...counts, flushEvery: 5 })),
  "merge": () => concat(merge([numbers, numbers])),
  "map({ ordered: false })": () => pipe(pipe(numbers, map((n) => n, { ordered: false })), take(2)),
};

/** A run whose load commits its mark, as that of a sink does. */
function run(extract: () => Chunks<unknown>, options: object = {}) {
  const checkpoints = new MemoryCheckpointStore();
  const load = Object.assign(() => {}, { [commitsTo]: checkpoints });
  const pipeline = { name: "numbers", extract, load };
  return etl(pipeline).run({ checkpoints, guarantee: "effectively-once", ...options });
}

const messageOf = (promise: Promise<unknown>) =>
  promise.then(() => "", (error: Error) => (error.cause as Error).message);

describe("a run", () => {
  it.each(Object.entries(steady))("keeps its guarantee with %s", async (_, extract) => {
    expect((await run(extract)).guarantee).toBe("effectively-once");
    expect((await run(extract, { resume: "source" })).guarantee).toBe("effectively-once");
  });

  it.each(Object.entries(stateful))(
    "of a source with %s begins at its beginning",
    async (what, extract) => {
      expect((await run(extract)).guarantee).toBe("effectively-once");
      expect(await messageOf(run(extract, { resume: "source" }))).toBe(
        `Cannot run pipeline "numbers" as 'guarantee' must be "at-least-once", as ${what} begins anew ` +
          'where extract begins at the checkpoint: current value is "effectively-once"',
      );
      const unasked = run(extract, { resume: "source", guarantee: undefined });
      expect((await unasked).guarantee).toBe("at-least-once");
    },
  );

  it.each(Object.entries(timed))(
    "of a source with %s has no checkpoints",
    async (what, extract) => {
      expect(await messageOf(run(extract, { guarantee: undefined }))).toBe(
        "Cannot run pipeline \"numbers\" as 'checkpoints' must be omitted, as they count items by " +
          `offset, and what is at an offset depends on time with ${what}: new items would be taken ` +
          "for finished ones: current value is an instance of MemoryCheckpointStore",
      );
      const unasked = run(extract, { resume: "source", guarantee: undefined });
      expect((await unasked).guarantee).toBe("at-least-once");
      const plain = etl({ name: "numbers", extract, load: () => {} });
      expect((await plain.run()).guarantee).toBe("at-least-once");
    },
  );

  it("that refuses its source cancels it", async () => {
    const fed = new FedStream<number[]>();
    await messageOf(run(() => pipe(chunks(fed.stream), takeUntil(signal))));
    expect(fed.cancelled.length).toBe(1);
  });
});
