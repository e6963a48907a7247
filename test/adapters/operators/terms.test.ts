import { describe, expect, it } from "vitest";
import {
  type Chunks,
  chunks,
  type DoneRange,
  etl,
  MemoryCheckpointStore,
} from "../../../src/index.ts";
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
  sample: () => pipe(pipe(numbers, sample({ rate: 1 })), map((n) => n)),
};
const timed: Record<string, () => Chunks<unknown>> = {
  "distinct({ ttl })": () => pipe(numbers, distinct({ ttl: 5 })),
  "window({ every })": () => pipe(numbers, window({ every: 5 })),
};
const untilAborted = () => pipe(numbers, takeUntil(signal));
const reduced = () => pipe(numbers, reduceByKey(counts));
const mixing: Record<string, () => Chunks<unknown>> = {
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
        `Cannot run pipeline "numbers" as 'guarantee' must be "at-least-once", as ${what} starts over ` +
          'if extract begins at the checkpoint: current value is "effectively-once"',
      );
      const unasked = run(extract, { resume: "source", guarantee: undefined });
      expect((await unasked).guarantee).toBe("at-least-once");
    },
  );

  it.each(Object.entries({ ...timed, ...mixing, takeUntil: untilAborted }))(
    "of a source with %s has no checkpoints by offset, and opens it once",
    async (what, extract) => {
      const why =
        `the item at an offset depends on time with ${what}: new items would be mistaken ` +
        "for finished ones: current value is";
      expect(await messageOf(run(extract, { guarantee: undefined }))).toBe(
        "Cannot run pipeline \"numbers\" as 'checkpoints' must be omitted, as they count items by " +
          `offset, and ${why} an instance of MemoryCheckpointStore`,
      );
      const plain = etl({ name: "numbers", extract, load: () => {} });
      expect((await plain.run()).guarantee).toBe("at-least-once");
      expect(await messageOf(plain.run({ retry: { extract: { maxAttempts: 3 } } }))).toBe(
        "Cannot run pipeline \"numbers\" as 'retry.extract.maxAttempts' must be 1, as a source that " +
          `is opened again counts items by offset, and ${why} 3`,
      );
    },
  );

  it.each(Object.entries(timed))(
    "of a source with %s may go on after a place in it",
    async (_, extract) => {
      const retry = { extract: { maxAttempts: 2 } };
      const report = await run(extract, { resume: "source", guarantee: undefined, retry });
      expect(report.guarantee).toBe("at-least-once");
    },
  );

  it.each(Object.entries({ ...mixing, reduceByKey: reduced }))(
    "of a source with %s does not go on after a place in it",
    async (what, extract) => {
      const why = `items from before it may come after it with ${what}: they would be lost: ` +
        "current value is";
      const options = { resume: "source", guarantee: undefined };
      expect(await messageOf(run(extract, options))).toBe(
        "Cannot run pipeline \"numbers\" as 'checkpoints' must be omitted, as they keep one place " +
          `in the source, and ${why} an instance of MemoryCheckpointStore`,
      );
    },
  );

  it("adds up by key from the beginning of a source, also when it is opened again", async () => {
    const retry = { extract: { maxAttempts: 2 } };
    expect((await run(reduced, { retry })).guarantee).toBe("effectively-once");
  });

  const beyond = (what: string) =>
    `as ${what} starts over if extract begins at the checkpoint, and its items would be ` +
    "mistaken for those finished beyond the checkpoint";

  it.each(Object.entries({ ...stateful, "distinct({ ttl })": timed["distinct({ ttl })"]! }))(
    "that goes on with %s in the middle of a source has one worker",
    async (what, extract) => {
      const options = { resume: "source", guarantee: undefined, workers: 2 };
      expect(await messageOf(run(extract, options))).toBe(
        "Cannot run pipeline \"numbers\" as 'workers' must be 1, " +
          `${beyond(what)}: current value is 2`,
      );
    },
  );

  it("that goes on after takeUntil may have several workers", async () => {
    const options = { resume: "source", guarantee: undefined, workers: 2 };
    expect((await run(untilAborted, options)).guarantee).toBe("at-least-once");
  });

  it("refuses what other runs have finished beyond the place where state begins anew", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const goOn = (done: DoneRange[], extract = stateful["distinct"]!) => {
      checkpoints.write("numbers", { offset: 1, position: "a", done, updatedAt: 1 });
      const options = { checkpoints, position: String, resume: "source", guarantee: undefined };
      return run(extract, options);
    };
    expect(await messageOf(goOn([[3, 4, "d"]]))).toBe(
      `Cannot run pipeline "numbers" as 'checkpoint.done' must be empty, ${beyond("distinct")} ` +
        "(write the checkpoint again with 'done: []', to load that once more): " +
        'current value is "from 3 to 4"',
    );
    const unread = await goOn([[1, 2, null]]); // It could not be read, and comes again.
    expect(unread.guarantee).toBe("at-least-once");
    expect((await goOn([[3, 4, "d"]], untilAborted)).loaded).toBe(2);
  });

  it("that refuses its source cancels it", async () => {
    const fed = new FedStream<number[]>();
    await messageOf(run(() => pipe(chunks(fed.stream), takeUntil(signal))));
    expect(fed.cancelled.length).toBe(1);
  });
});
