import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BatchError,
  type CheckpointStore,
  type DeadLetter,
  type LoadContext,
  MemoryCheckpointStore,
} from "../../../src/index.ts";
import { broadcast, route } from "../../../src/adapters/operators.ts";
import { sinkLoads } from "../../../src/checkpoints/sink-loads.ts";
import { blameOf } from "../../../src/retry/blame.ts";
import { errorOf } from "../../support/outcomes/error-of.ts";
import { type Faults, FaultyBranch, runBranched } from "../../support/run/branched-run.ts";
import { MemorySink, type Row } from "../../support/sinks/memory-sink.ts";
import { seeded } from "../../support/streams/schedules.ts";
import { etl } from "../../../src/index.ts";

const names = ["a", "b", "c"] as const;

const faults = fc.record({
  away: fc.constantFrom(0, 0.2, 0.6),
  poison: fc.constantFrom(0, 0, 5, 7),
  isNaming: fc.boolean(),
  most: fc.constantFrom(Infinity, 3),
  isSync: fc.boolean(),
});
const plan = fc.record({
  seed: fc.nat(),
  isRoute: fc.boolean(),
  lag: fc.constantFrom(0, 1, Infinity),
  count: fc.integer({ min: 1, max: 40 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  workers: fc.integer({ min: 1, max: 4 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  isolate: fc.constantFrom("bisect", "none", undefined),
  faults: fc.tuple(faults, faults, faults),
});

const nameOf = (row: number) => names[row % 3]!;

function loadOf(
  { isRoute, lag }: { isRoute: boolean; lag: number },
  made: readonly FaultyBranch[],
) {
  const [a, b, c] = made.map(({ load }) => load) as [() => unknown, () => unknown, () => unknown];
  return isRoute ? route(nameOf, { a, b, c }) : broadcast<number>({ a, b, c }, { lag });
}

const branchesOf = (all: readonly Faults[], seed: number) =>
  all.map((one, index) => new FaultyBranch(one, seed + index));

describe("a load with branches", () => {
  it("gives each branch each of its rows once, or a letter that names it", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const { batchSize, workers, maxAttempts, isolate, count, isRoute } = given;
        const made = branchesOf(given.faults, given.seed);
        const { report, letters } = await runBranched(count, loadOf(given, made), {
          batchSize,
          workers,
          retry: { load: { maxAttempts, ...(maxAttempts > 1 && { baseDelay: 0 }) } },
          ...(isolate !== undefined && { isolate }),
        });
        const isWhole = report?.outcome === "completed";
        const all = Array.from({ length: count }, (_, n) => n + 1);
        made.forEach((branch, index) => {
          const name = names[index]!;
          const own = isRoute ? all.filter((row) => nameOf(row) === name) : all;
          const lacked = letters.filter(({ branches }) => branches?.includes(name));
          const ends = [...branch.rows, ...lacked.map(({ item }) => item)].sort((x, y) => x - y);
          expect(new Set(ends).size, "once").toBe(ends.length);
          if (isWhole) expect(ends).toEqual(own);
          const { given = 0, loaded = 0, deadLettered = 0 } = report?.branches?.[name] ?? {};
          expect(loaded).toBe(branch.rows.length);
          expect(deadLettered).toBe(lacked.length);
          if (isWhole) expect(given).toBe(loaded + deadLettered);
        });
        expect(letters.every(({ branches }) => branches!.length > 0)).toBe(true);
        if (isolate !== undefined) expect(isWhole).toBe(true);
      }),
      { ...seeded, numRuns: 40 },
    );
  });

  it("loads at least once where runs are aborted and repeated", async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.nat(20), async (given, stopAfter) => {
        const { batchSize, workers, count, isRoute } = given;
        const quick = given.faults.map((one) => ({ ...one, away: 0, poison: 0 }));
        const made = branchesOf(quick, given.seed);
        const checkpoints = new MemoryCheckpointStore();
        const controller = new AbortController();
        const inner = loadOf(given, made);
        const load = (rows: number[], context: LoadContext) => {
          const calls = made.reduce((sum, branch) => sum + branch.calls, 0);
          if (calls > stopAfter) controller.abort();
          return inner(rows, context);
        };
        const options = { batchSize, workers, checkpoints };
        await runBranched(count, load, { ...options, signal: controller.signal, drainTimeout: 0 });
        const { report } = await runBranched(count, inner, options);
        expect(report?.outcome).toBe("completed");
        const all = Array.from({ length: count }, (_, n) => n + 1);
        made.forEach(({ rows }, index) => {
          const own = isRoute ? all.filter((row) => nameOf(row) === names[index]) : all;
          expect([...new Set(rows)].sort((x, y) => x - y)).toEqual(own);
        });
      }),
      { ...seeded, numRuns: 12 },
    );
  });

  it("loads once into the sink that marks, whatever the other branch does", async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.array(fc.nat(12), { maxLength: 3 }), async (given, stops) => {
        const { batchSize, workers, count, isRoute, faults: [, fault] } = given;
        const sink = new MemorySink(); // Fails where a row is there already.
        const api = new FaultyBranch({ ...fault, poison: 0, away: 0.1 }, given.seed);
        const rowsOf = (rows: readonly Row[]) => rows.map(({ id }) => id);
        const call = (rows: Row[]) => api.load(rowsOf(rows));
        const branches = { table: sink.load as (rows: Row[]) => unknown, api: call };
        const load = isRoute
          ? route(({ id }: Row) => id % 2 === 0 ? "table" : "api", branches)
          : broadcast<Row>(branches);
        const rows = Array.from({ length: count }, (_, n) => ({ id: n + 1, name: "x" }));
        const run = (stop: number | undefined) => {
          const started = etl({
            name: "rows",
            extract: () => rows,
            load: Object.assign((rows: Row[], context: LoadContext) => {
              if (stop !== undefined && stop-- === 0) started.abort("enough");
              return load(rows, context);
            }, load),
          }).start({
            batchSize,
            workers,
            checkpoints: sink.checkpoints,
            retry: { load: { maxAttempts: 50, baseDelay: 0 } },
          });
          return started.finished;
        };
        for (const stop of stops) await run(stop).catch(() => {});
        expect((await run(undefined)).outcome).toBe("completed");
        const own = rowsOf(rows).filter((id) => !isRoute || id % 2 === 0);
        expect([...sink.table.keys()].sort((x, y) => x - y)).toEqual(own);
        const others = rowsOf(rows).filter((id) => !isRoute || id % 2 === 1);
        expect([...new Set(api.rows)].sort((x, y) => x - y)).toEqual(others);
      }),
      { ...seeded, numRuns: 30 },
    );
  });

  /** A sink that has its rows in a list, and counts the marks that came with them. */
  function listSink(checkpoints: CheckpointStore) {
    const rows: number[] = [];
    const marks: unknown[] = [];
    const { load } = sinkLoads(checkpoints, (given, { batch }, isMarked) => () => {
      rows.push(...given as unknown as number[]);
      if (isMarked) marks.push(batch.ranges);
    });
    return { rows, marks, load };
  }

  it("has the one sink of the run's checkpoints load last, with the mark", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const sink = listSink(checkpoints);
    const order: string[] = [];
    const api = async (rows: number[], { batch }: LoadContext) => {
      await null;
      expect(batch).not.toHaveProperty("ranges");
      order.push(`api ${rows.length}, sink ${sink.rows.length}`);
    };
    const load = broadcast<number>({ table: sink.load as never, api });
    expect(load.batchSize).toBe(1000);
    await etl({ name: "numbers", extract: () => [1, 2, 3, 4], load }).run({
      batchSize: 2,
      checkpoints,
    });
    expect(order).toEqual(["api 2, sink 0", "api 2, sink 2"]);
    expect(sink.rows).toEqual([1, 2, 3, 4]);
    expect(sink.marks).toEqual([[[0, 2]], [[2, 4]]]);
  });

  it.each([
    ["as a whole", (_: number) => new Error("no twos")],
    ["by name", (index: number) => new BatchError(new Map([[index, new Error("no twos")]]))],
  ])("says that the sink that marks lacks what another branch refuses %s", async (_, errorAt) => {
    const checkpoints = new MemoryCheckpointStore();
    const sink = listSink(checkpoints);
    const seen: number[] = [];
    const index = (rows: number[]) => {
      if (rows.includes(2)) throw errorAt(rows.indexOf(2));
      seen.push(...rows);
    };
    const load = broadcast<number>({ table: sink.load as never, index });
    const letters: DeadLetter<number>[] = [];
    const deadLetters = new WritableStream<DeadLetter<number>>({
      write: (letter) => void letters.push(letter),
    });
    const report = await etl({ name: "numbers", extract: () => [1, 2, 3], load }).run({
      batchSize: 3,
      checkpoints,
      deadLetters,
    });
    expect([sink.rows, seen].map((rows) => rows.toSorted())).toEqual([[1, 3], [1, 3]]);
    expect(letters).toMatchObject([{ item: 2, branches: ["index", "table"] }]);
    const counts = { given: 3, loaded: 2, deadLettered: 1 };
    expect(report.branches).toMatchObject({ table: counts, index: counts });
    expect(report.checkpoint).toMatchObject({ offset: 3 });
  });

  it("never begins the sink that marks after a deadline, which says that it lacks all", async () => {
    const sink = listSink(new MemoryCheckpointStore());
    const index = Promise.withResolvers<void>();
    const load = broadcast<number>({ table: sink.load as never, index: () => index.promise });
    const deadline = new AbortController();
    const batch = { sequence: 0, offset: 0, size: 2, attempt: 1 };
    const context = { batch, runId: "run", signal: deadline.signal } as unknown as LoadContext;
    const loaded = load([1, 2], context);
    const reason = new DOMException("It took too long", "TimeoutError");
    deadline.abort(reason);
    const blame = blameOf(reason)!;
    expect([...blame.failures.keys()]).toEqual([0, 1]);
    expect(blame.lacking).toEqual({ index: { deadLettered: 1 }, table: { deadLettered: 1 } });
    index.resolve();
    await expect(loaded).rejects.toThrow("It took too long");
    expect(sink.rows).toEqual([]);
  });

  it("loads into several sinks, none of which marks, where the checkpoints are elsewhere", async () => {
    const [one, two] = [new MemoryCheckpointStore(), new MemoryCheckpointStore()].map(listSink);
    const load = broadcast<number>([one!.load as never, two!.load as never]);
    const checkpoints = new MemoryCheckpointStore();
    const report = await etl({ name: "numbers", extract: () => [1, 2], load }).run({
      batchSize: 2,
      checkpoints,
    });
    expect([one!.rows, two!.rows]).toEqual([[1, 2], [1, 2]]);
    expect([one!.marks, two!.marks]).toEqual([[], []]);
    expect(report).toMatchObject({ guarantee: "at-least-once", checkpoint: { offset: 2 } });
    expect(Object.keys(report.branches!)).toEqual(["0", "1"]);
  });

  it("refuses several sinks where the checkpoints are those of one", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const [one, two] = [checkpoints, new MemoryCheckpointStore()].map(listSink);
    const load = route((n: number) => n === 1 ? "one" : "two", { one: one!.load, two: two!.load });
    const error = await errorOf(
      etl({ name: "numbers", extract: () => [1, 2], load }).run({ batchSize: 2, checkpoints }),
    );
    expect(error).toMatchObject({
      cause: {
        message: "Cannot load rows as 'checkpoints' must be in another store if the branches are " +
          "loads of several sinks (or write several tables with 'tables' or 'write' of one sink, in " +
          'one commit): current value is "those of branch \\"one\\""',
      },
    });
    expect([one!.rows, two!.rows]).toEqual([[], []]);
  });
});
