import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  CancelledError,
  etl,
  EtlManager,
  MemoryCheckpointStore,
  type RunBudget,
  type RunEvent,
  type RunOptions,
} from "../../../src/index.ts";
import { ScriptedSource, sourceKinds } from "../../support/run/sources.ts";
import { after, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A run of a source without an end, each of whose items takes `delay`, and each batch `load`. */
function endless(
  budget: RunBudget,
  options: RunOptions<number> = {},
  { delay = 10, load = 0 } = {},
) {
  const loaded: number[][] = [];
  const source = new ScriptedSource({ kind: "stream", reads: Infinity, end: "end", delay });
  const [postProcess, finalize] = [vi.fn(), vi.fn()];
  const run = etl<number>({
    name: "endless",
    extract: () => source.source,
    load: async (rows) => {
      if (load > 0) await wait(load);
      loaded.push(rows);
    },
    ...{ postProcess, finalize },
  }).start({ batchSize: 4, timeout: Infinity, budget, ...options });
  return { run, source, loaded, postProcess, finalize };
}

describe("the budget of a run, when it is used up", () => {
  it.each([
    [{ batches: 3 }, 12],
    [{ items: 12 }, 12],
    [{ items: 9 }, 12], // The last batch is filled.
    [{ items: 1 }, 4],
    [{ duration: 105 }, 10], // What was gathered by then is loaded too.
    [{ duration: 1 }, 4], // The first batch is waited for.
    [{ duration: 105, items: 5, batches: 7 }, 8],
    [{ duration: Infinity, batches: 2 }, 8],
  ] as [RunBudget, number][])("pauses it: %j", async (budget, items) => {
    const { run, source, loaded, postProcess, finalize } = endless(budget);
    const { value } = await after(1000, run.finished);
    expect(value).toMatchObject({ outcome: "paused", extracted: items, loaded: items, pending: 0 });
    expect(loaded.flat()).toEqual(Array.from({ length: items }, (_, n) => n));
    expect(source.cancelled).toEqual([
      expect.objectContaining({ name: "AbortError", message: "The budget is used up" }),
    ]);
    expect(postProcess).not.toHaveBeenCalled();
    expect(finalize.mock.calls.map(([outcome]) => outcome)).toEqual(["paused"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks for no timer in the past, where its time is up before it reads", async () => {
    const own = globalThis.setTimeout;
    const delays: (number | undefined)[] = [];
    const noting = (fn: () => void, delay?: number) => {
      delays.push(delay);
      return own(fn, delay);
    };
    // Not a spy: what restores all spies later would bring the clock of this test back.
    globalThis.setTimeout = noting as typeof setTimeout;
    try {
      const loaded: number[] = [];
      const run = etl<number>({
        name: "late",
        preProcess: () => wait(100),
        extract: () => [1, 2, 3, 4],
        load: (rows) => void loaded.push(...rows),
      }).start({ batchSize: 2, budget: { duration: 50 } });
      await after(1000, run.finished);
      expect(loaded.slice(0, 2)).toEqual([1, 2]); // The first batch is waited for.
      expect(delays).toContain(100);
      expect(delays.filter((delay) => delay! < 0)).toEqual([]);
    } finally {
      globalThis.setTimeout = own;
    }
  });

  it.each(sourceKinds)("loads all that a source of kind %s gave", async (kind) => {
    const loaded: number[] = [];
    const source = new ScriptedSource({ kind, reads: Infinity, end: "end" });
    const load = (rows: number[]) => void loaded.push(...rows);
    const run = etl<number>({ name: "kinds", extract: () => source.source, load }).run({
      batchSize: 4,
      budget: { batches: 5 },
    });
    const { value } = await after(1000, run);
    const { given, cancelled } = source;
    expect(value).toMatchObject({ outcome: "paused", extracted: given, loaded: given, pending: 0 });
    expect(loaded).toEqual(Array.from({ length: given }, (_, n) => n));
    expect(given).toBeLessThanOrEqual(22); // Five batches, and the rest of a chunk of 3.
    expect(cancelled).toHaveLength(1);
  });

  it("reads no further batch while loads are slow", async () => {
    const { run, source } = endless({ batches: 3 }, { workers: 2 }, { load: 5000 });
    const { value } = await after(20_000, run.finished);
    expect(value).toMatchObject({ outcome: "paused", loaded: 12 });
    expect(source.given).toBe(12);
  });

  it("waits for loads longer than `drainTimeout`, as the next run would get no further", async () => {
    const { run } = endless({ duration: 55 }, { drainTimeout: 10 }, { load: 60_000 });
    const { value } = await after(200_000, run.finished);
    expect(value).toMatchObject({ outcome: "paused", loaded: 5, pending: 0 });
  });

  it.each([
    ["drain", undefined, "drained", 5],
    ["drain within a time", 10, "aborted", 4],
  ])("can still be stopped by somebody: %s", async (_, drainTimeout, outcome, loaded) => {
    const { run } = endless({ duration: 55 }, { drainTimeout: drainTimeout ?? Infinity }, {
      load: 200,
    });
    await vi.advanceTimersByTimeAsync(60);
    expect(run.snapshot().state).toBe("draining");
    run.drain().catch(() => {});
    const { value } = await after(1000, run.finished);
    expect((value as CancelledError).report ?? value).toMatchObject({ outcome, loaded });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is aborted, and not paused, if somebody aborts it meanwhile", async () => {
    const { run } = endless({ batches: 1 }, {}, { load: 200 });
    await vi.advanceTimersByTimeAsync(60);
    const { value } = await after(1000, run.abort(new Error("enough")));
    expect(value).toBeInstanceOf(CancelledError);
    expect((value as CancelledError).report).toMatchObject({ outcome: "aborted" });
  });

  it("fails if what was read cannot be loaded", async () => {
    const load = () => Promise.reject(new Error("full"));
    const run = etl({ name: "full", extract: () => [1, 2, 3], load }).run({ budget: { items: 1 } });
    const { state, value } = await after(10, run);
    expect(state).toBe("rejected");
    expect(value).toMatchObject({ report: { outcome: "failed", pending: 1 } });
  });

  it("is told by an event, and by the report", async () => {
    const events: RunEvent[] = [];
    const observer = (event: RunEvent) => void events.push(event);
    await after(1000, endless({ batches: 1 }, { observer }).run.finished);
    const told = events.filter(({ type }) => type.startsWith("run:"));
    expect(told).toEqual([
      expect.objectContaining({ type: "run:start" }),
      expect.objectContaining({
        type: "run:drain",
        reason: expect.objectContaining({ message: "The budget is used up" }),
      }),
      expect.objectContaining({
        type: "run:end",
        report: expect.objectContaining({ outcome: "paused" }),
      }),
    ]);
  });
});

describe("a run with a budget", () => {
  it("completes if its source ends before, however long its loads take", async () => {
    const load = () => wait(500);
    const run = etl({ name: "short", extract: () => [1, 2, 3], load })
      .run({ batchSize: 2, budget: { duration: 100, batches: 9, items: 9 } });
    const { value } = await after(5000, run);
    expect(value).toMatchObject({ outcome: "completed", loaded: 3 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("closes a batch that is due by its timeout, where nothing fills it", async () => {
    const { run } = endless({ duration: 105 }, { batchSize: 1000, timeout: 55 });
    const { value } = await after(1000, run.finished);
    expect(value).toMatchObject({ outcome: "paused", batches: 2, loaded: 10 });
  });

  it("counts the time from its start, also that of `preProcess`", async () => {
    const loaded: number[] = [];
    const source = new ScriptedSource({ kind: "stream", reads: Infinity, end: "end", delay: 10 });
    const run = etl<number>({
      name: "prepared",
      preProcess: () => wait(95),
      extract: () => source.source,
      load: (rows) => void loaded.push(...rows),
    }).run({ batchSize: 2, budget: { duration: 100 } });
    const { value } = await after(1000, run);
    expect(value).toMatchObject({ outcome: "paused", loaded: 2 });
  });

  it("leaves no timer if it fails before it reads", async () => {
    const extract = () => Promise.reject(new Error("no"));
    const run = etl({ name: "closed", extract, load: () => {} }).run({ budget: { duration: 99 } });
    const { value } = await after(10, run);
    expect(value).toMatchObject({ report: { outcome: "failed" } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps its checkpoint when paused, whatever becomes of it on completion", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const loaded: number[] = [];
    const load = (rows: number[]) => void loaded.push(...rows);
    const copy = etl({ name: "copy", extract: () => [1, 2, 3, 4, 5], load }, {
      ...{ checkpoints, whenCompleted: "forget", batchSize: 2, budget: { batches: 1 } },
    });
    const outcomes: unknown[] = [];
    for (let step = 0; step < 3; step++) {
      const { value } = await after(100, copy.run());
      const { outcome, earlier } = value as { outcome: string; earlier: number };
      outcomes.push([outcome, earlier, checkpoints.read("copy")?.offset]);
    }
    expect(outcomes).toEqual([["paused", 0, 2], ["paused", 2, 4], ["completed", 4, 0]]);
    expect(loaded).toEqual([1, 2, 3, 4, 5]);
  });

  it.each(["skip", "source"] as const)(
    "gets a batch further each time, with resume %s, however long that takes",
    async (resume) => {
      const items = Array.from({ length: 30 }, (_, n) => n);
      const loaded: number[] = [];
      const read = async function* (from: number) {
        for (const item of items.slice(from)) yield await wait(10).then(() => item);
      };
      const copy = etl<number>({
        name: "copy",
        extract: ({ checkpoint }) => read(resume === "source" ? checkpoint?.offset ?? 0 : 0),
        load: (rows) => void loaded.push(...rows),
      }, {
        checkpoints: new MemoryCheckpointStore(),
        resume,
        batchSize: 4,
        budget: { duration: 5 },
      });
      let steps = 0;
      for (let outcome = ""; outcome !== "completed"; steps++) {
        ({ outcome } = (await after(1000, copy.run())).value as { outcome: string });
      }
      expect(loaded).toEqual(items);
      expect(steps).toBe(8);
    },
  );

  it("is one of a manager, which skips what comes after it and tells of the pause", async () => {
    const load = () => {};
    const manager = new EtlManager({ budget: { batches: 1 } })
      .add(etl({ name: "first", extract: () => [1, 2], load }))
      .add(etl({ name: "second", extract: () => [1], load }), { after: ["first"] });
    const { value } = await after(10, manager.runAll());
    expect(value).toMatchObject({
      outcome: "paused",
      reports: [{ outcome: "paused" }, { outcome: "skipped", after: "first" }],
    });
  });
});
