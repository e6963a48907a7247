import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  type DeadLetter,
  etl,
  MemoryCheckpointStore,
  type Pipeline,
  type RunOptions,
  type RunReport,
  skip,
  wholeBatch,
} from "../../../src/index.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";
import { numbers, resumableKinds, storeAt } from "../../support/run/resume.ts";

const failure = new Error("broken");

/** Runs the numbers from 0 to 11, and gives what was loaded. */
async function rerun(
  options: RunOptions<number>,
  members: Partial<Pipeline<number>> = {},
): Promise<{ loaded: number[][]; report: RunReport }> {
  const loaded: number[][] = [];
  const report = await etl<number>({
    name: "numbers",
    extract: () => numbers("array", 12),
    load: (items) => void loaded.push(items),
    ...members,
  }).run(options);
  return { loaded, report };
}

describe("a run that resumes from a checkpoint", () => {
  it.each(resumableKinds)("drops finished items of a source: %s", async (kind) => {
    const checkpoints = storeAt(2, [[3, 4], [6, 9]]);
    const extract = () => numbers(kind, 12);
    const { loaded, report } = await rerun({ checkpoints, batchSize: 2 }, { extract });
    expect(loaded).toEqual([[2, 4], [5, 9], [10, 11]]);
    expect(report).toMatchObject({ extracted: 6, loaded: 6, pending: 0, batches: 3 });
    expect(report.checkpoint).toMatchObject({ offset: 12, done: [], runId: report.runId });
    expect(checkpoints.read("numbers")).toEqual(report.checkpoint);
  });

  it.each(resumableKinds)("finds gaps of one item, first and last, in %s", async (kind) => {
    const checkpoints = storeAt(0, [[1, 11]]);
    const extract = () => numbers(kind, 12);
    const { loaded } = await rerun({ checkpoints, batchSize: 5 }, { extract });
    expect(loaded).toEqual([[0, 11]]);
  });

  it.each(resumableKinds)("loads nothing of %s if everything is finished", async (kind) => {
    for (const checkpoints of [storeAt(12), storeAt(40, [[50, 60]]), storeAt(0, [[0, 12]])]) {
      const before = checkpoints.read("numbers");
      const extract = () => numbers(kind, 12);
      const { loaded, report } = await rerun({ checkpoints }, { extract });
      expect(loaded).toEqual([]);
      expect(report).toMatchObject({ outcome: "completed", extracted: 0, batches: 0 });
      expect(report.checkpoint).toEqual(before);
      expect(checkpoints.read("numbers")).toEqual(before); // There is no news to write.
    }
  });

  it("keeps the size of its batches, and measures only what it loads", async () => {
    const measured: number[] = [];
    const sizeOf = (n: number) => (measured.push(n), 1);
    const checkpoints = storeAt(4, [[6, 8]]);
    const { loaded } = await rerun({ checkpoints, batchSize: 4, maxBytes: 4, sizeOf });
    expect(loaded).toEqual([[4, 5, 8, 9], [10, 11]]);
    expect(measured).toEqual([4, 5, 8, 9, 10, 11]);
  });

  it("loads only the gap that concurrent workers have left", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const last = Promise.withResolvers<void>();
    const load = async (items: number[]) => {
      if (items.includes(10)) last.resolve();
      if (!items.includes(4)) return;
      await last.promise;
      throw failure;
    };
    const options = { checkpoints, batchSize: 2, workers: 3 };
    const error = await errorOf(rerun(options, { load }));
    expect(error).toMatchObject({ stage: "load", cause: failure, report: { loaded: 10 } });
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 4, done: [[6, 12]] });
    const { loaded } = await rerun(options);
    expect(loaded).toEqual([[4, 5]]);
  });

  it("counts skipped items and dead letters as finished", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const letters: DeadLetter<number>[] = [];
    const deadLetters = () =>
      new WritableStream<DeadLetter<number>>({
        write: (letter) => void letters.push(letter),
      });
    const members = {
      transform: (n: number) => {
        if (n === 7) throw failure;
        return n % 2 === 0 ? skip : n;
      },
      load: (items: number[]) => {
        if (items.includes(3)) throw failure;
      },
    };
    const options = { checkpoints, deadLetters, batchSize: 4 };
    const { report } = await rerun(options, members);
    expect(report).toMatchObject({ loaded: 4, skipped: 6, deadLettered: 2, pending: 0 });
    letters.sort((a, b) => a.offset - b.offset);
    expect(letters).toMatchObject([
      { item: 3, offset: 3, stage: "load" },
      { item: 7, offset: 7, stage: "transform" },
    ]);
    expect(report.checkpoint).toMatchObject({ offset: 12, done: [] });
    const again = await rerun(options, members);
    expect(again.report).toMatchObject({ extracted: 0, deadLettered: 0, skipped: 0 });
    expect(letters).toHaveLength(2);
  });

  it("finishes batches without rows", async () => {
    for (
      const transformBatch of [
        () => wholeBatch([]),
        (items: number[]) => items.map((): typeof skip => skip),
      ]
    ) {
      const checkpoints = new MemoryCheckpointStore();
      const { loaded, report } = await rerun({ checkpoints, batchSize: 5 }, { transformBatch });
      expect(loaded).toEqual([]);
      expect(report).toMatchObject({ extracted: 12, skipped: 12, pending: 0, batches: 0 });
      expect(report.checkpoint).toMatchObject({ offset: 12, done: [] });
    }
  });

  it("finishes the items of a batch that became longer, dead letters included", async () => {
    const letters: unknown[] = [];
    const deadLetters = () =>
      new WritableStream<DeadLetter<number>>({
        write: ({ item, stage }) => void letters.push([item, stage]),
      });
    const transformBatch = (items: number[]) => {
      if (items.includes(1)) throw failure;
      return wholeBatch(items.flatMap((n) => [n, n]));
    };
    const load = () => Promise.reject(failure);
    const checkpoints = new MemoryCheckpointStore();
    const options = { checkpoints, deadLetters, batchSize: 4 };
    const extract = () => numbers("array", 3);
    const { report } = await rerun(options, { extract, transformBatch, load });
    expect(letters).toEqual([[1, "transform"], [0, "load"], [2, "load"]]);
    expect(report).toMatchObject({ deadLettered: 3, pending: 0 });
    expect(report.checkpoint).toMatchObject({ offset: 3, done: [] });
  });

  it("keeps partitions apart, by a key that no name can collide with", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const run = (partition?: string) => rerun({ checkpoints, batchSize: 12, partition });
    const { report } = await run("a");
    expect((await run("b")).loaded).toHaveLength(1);
    expect((await run()).loaded).toHaveLength(1);
    expect((await run("a")).loaded).toEqual([]);
    expect(checkpoints.read('["numbers","a"]')).toEqual(report.checkpoint);
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 12 });
  });
});

describe('resume: "source"', () => {
  const position = (n: number) => `after ${n}`;

  it("passes the checkpoint to every callback, and numbers from its offset", async () => {
    const checkpoints = storeAt(3, [[5, 7, "after 6"]], { position: "after 2", runId: "earlier" });
    const before = checkpoints.read("numbers");
    const told: Record<string, Checkpoint | undefined> = {};
    const infos: unknown[] = [];
    const note = (name: string) => (context: { checkpoint?: Checkpoint }) =>
      void (told[name] = context.checkpoint);
    const { loaded, report } = await rerun(
      { checkpoints, position, resume: "source", batchSize: 3 },
      {
        preProcess: note("preProcess"),
        extract: (context) => {
          note("extract")(context);
          const { position } = context.checkpoint!;
          return [3, 4, 5, 6, 7, 8, 9].filter((n) => `after ${n - 1}` >= String(position));
        },
        transform: (n, context) => (note("transform")(context), n),
        load: (items, context) => {
          note("load")(context);
          infos.push([items, context.batch.offset, context.batch.ranges]);
        },
        postProcess: note("postProcess"),
        finalize: (_, context) => note("finalize")(context),
      },
    );
    const names = ["preProcess", "extract", "transform", "load", "postProcess", "finalize"];
    expect(told).toEqual(Object.fromEntries(names.map((name) => [name, before])));
    expect(loaded).toEqual([]); // The load above has taken its place.
    expect(infos).toEqual([
      [[3, 4, 7], 3, [[3, 5, "after 4"], [7, 8, "after 7"]]],
      [[8, 9], 8, [[8, 10, "after 9"]]],
    ]);
    expect(report.checkpoint).toMatchObject({ offset: 10, done: [], position: "after 9" });
  });

  it("numbers from 0, and passes no checkpoint, in the first run", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const told: unknown[] = [];
    const extract = (context: object) => (told.push("checkpoint" in context), [7, 8]);
    const { report } = await rerun({ checkpoints, position, resume: "source" }, { extract });
    expect(told).toEqual([false]);
    expect(report.checkpoint).toMatchObject({ offset: 2, position: "after 8" });
  });

  it.each(resumableKinds)("drops finished items above the offset, of %s", async (kind) => {
    const checkpoints = storeAt(100, [[101, 103], [111, 120]]);
    const extract = () => numbers(kind, 12);
    const { loaded } = await rerun({ checkpoints, resume: "source", batchSize: 9 }, { extract });
    expect(loaded).toEqual([[0, 3, 4, 5, 6, 7, 8, 9, 10]]);
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 120, done: [] });
  });

  it('tells of the checkpoint with "skip" as well', async () => {
    const checkpoints = storeAt(3);
    const told: unknown[] = [];
    const extract = (context: { checkpoint?: Checkpoint }) => {
      told.push(context.checkpoint);
      return numbers("array", 4);
    };
    const { loaded } = await rerun({ checkpoints }, { extract });
    expect(told).toMatchObject([{ offset: 3, done: [], updatedAt: 1 }]);
    expect(loaded).toEqual([[3]]);
  });
});
