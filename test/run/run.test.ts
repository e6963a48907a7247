import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl, MemoryCheckpointStore, type RunReport } from "../../src/index.ts";
import { Calls } from "../support/run/calls.ts";
import { settle } from "../support/outcomes/outcome.ts";
import { ScriptedSource } from "../support/run/sources.ts";
import { after, wait } from "../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An endless source of numbers that are there at once. */
const endless = () => new ScriptedSource({ kind: "async", reads: Infinity, end: "end" }).source;

describe("workers", () => {
  it.each([1, 2, 5])("of %i load as many batches at once, and never more", async (workers) => {
    const loads = new Calls<number[], void>();
    const load = (rows: number[]) => loads.run(rows, {} as never);
    const run = etl<number>({ name: "workers", extract: endless, load }).start({
      ...{ workers, batchSize: 2 },
    });
    await settle();
    expect(loads.running).toBe(workers);
    for (let turn = 0; turn < 20; turn++) {
      loads.begun[turn]!.resolve();
      await settle();
      expect(loads.running).toBe(workers);
    }
    expect(loads.most).toBe(workers);
    const drained = run.drain();
    for (let turn = 20; turn < loads.begun.length; turn++) {
      loads.begun[turn]!.resolve();
      await settle();
    }
    expect((await drained).batches).toBe(loads.begun.length);
  });

  it("of 1 loads in order, however long each transform and load takes", async () => {
    const loaded: number[] = [];
    const run = etl<number>({
      name: "ordered",
      extract: () => Array.from({ length: 100 }, (_, n) => n),
      transform: async (n) => (await wait((n * 7) % 13), n),
      load: async (rows) => (await wait(rows[0]! % 5), void loaded.push(...rows)),
    }).run({ batchSize: 7 });
    expect((await after(10_000, run)).state).toBe("fulfilled");
    expect(loaded).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it("of 1 transforms the next batch while one is loaded", async () => {
    const events: string[] = [];
    const run = etl<number>({
      name: "overlap",
      extract: () => [0, 1, 2],
      transform: async (n) => (events.push(`transform ${n}`), await wait(5), n),
      load: async ([n]) => {
        events.push(`load ${n}`);
        await wait(10);
        events.push(`loaded ${n}`);
      },
    }).run();
    await after(1000, run);
    expect(events).toEqual([
      ...["transform 0", "load 0", "transform 1", "loaded 0"],
      ...["load 1", "transform 2", "loaded 1", "load 2", "loaded 2"],
    ]);
  });
});

describe("concurrency", () => {
  it.each([[undefined, 16], [1, 1], [5, 5], [40, 40], [200, 50]])(
    "of %o runs %i transforms of a batch at once",
    async (concurrency, most) => {
      const calls = new Calls<number, number>();
      const run = etl<number>({
        name: "concurrency",
        extract: () => Array.from({ length: 50 }, (_, n) => n),
        transform: (n) => calls.run(n, {} as never),
        load: () => {},
      }).run({ batchSize: 50, concurrency });
      await settle();
      expect(calls.running).toBe(most);
      for (let turn = 0; turn < 50; turn++) {
        expect(calls.running).toBe(Math.min(most, 50 - turn));
        calls.begun[turn]!.resolve(turn);
        await settle();
      }
      expect(calls.most).toBe(most);
      expect(calls.items).toEqual(Array.from({ length: 50 }, (_, n) => n));
      expect(await run).toMatchObject({ loaded: 50, batches: 1 });
    },
  );

  it("applies to each batch, and as many batches as workers are transformed", async () => {
    const calls = new Calls<number, number>();
    const transform = (n: number) => calls.run(n, {} as never);
    const load = () => new Promise<never>(() => {});
    const run = etl<number>({ name: "batches", extract: endless, transform, load }).start({
      ...{ batchSize: 10, workers: 3, concurrency: 4, abortTimeout: 0 },
    });
    await settle();
    expect(calls.running).toBe(12);
    run.abort();
    await vi.advanceTimersByTimeAsync(1);
  });
});

describe("batches", () => {
  it("are loaded at the timeout of their first item", async () => {
    const source = new ScriptedSource({ kind: "stream", reads: 3, end: "never", delay: 40 });
    const loads: [number, number[]][] = [];
    const load = (rows: number[]) => void loads.push([performance.now() - begin, rows]);
    const begin = performance.now();
    const run = etl<number>({ name: "timed", extract: () => source.source, load }).start({
      ...{ batchSize: 10, timeout: 100 },
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(loads).toEqual([[140, [0, 1, 2]]]);
    await after(0, run.drain());
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are closed by maxBytes and by flushWhen", async () => {
    const loaded: number[][] = [];
    const load = (rows: number[]) => void loaded.push(rows);
    const pipeline = etl<number>({ name: "limits", extract: () => [1, 2, 3, 9, 4, 5, 0, 6], load });
    await pipeline.run({ batchSize: 10, maxBytes: 6, sizeOf: (n) => n, flushWhen: (n) => n === 0 });
    expect(loaded).toEqual([[1, 2, 3], [9], [4], [5, 0], [6]]);
  });

  it.each(["sync", "async", "generator", "stream", "chunks-sync", "chunks-async"] as const)(
    "let timers run although a source and all callbacks are always ready: %s",
    async (kind) => {
      const finished = new MemoryCheckpointStore();
      await finished.write("busy", { offset: 2 ** 50, done: [], updatedAt: 0 });
      for (const checkpoints of [undefined, new MemoryCheckpointStore(), finished]) {
        const stop = new AbortController();
        const source = new ScriptedSource({ kind, reads: Infinity, end: "end" });
        setTimeout(() => stop.abort(), 1);
        const load = () => {};
        const run = etl<number>({ name: "busy", extract: () => source.source, load }).run({
          ...{ batchSize: 100, signal: stop.signal, checkpoints },
        });
        const { value } = await after(10, run);
        expect(value).toMatchObject({ report: { pending: 0 } });
        const { extracted } = (value as { report: RunReport }).report;
        if (checkpoints !== finished) expect(extracted).toBeGreaterThan(0);
        expect(source.reads).toBeGreaterThan(0);
      }
    },
  );
});
