import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type BatchInfo,
  chunks,
  etl,
  type LoadContext,
  type PipelineError,
  type RunOptions,
  skip,
  SplitError,
} from "../../src/index.ts";
import { wait } from "../support/run/time.ts";
import { errorOf } from "../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Mapped = unknown[] | PromiseLike<unknown[]>;

/** Runs the numbers from 0 to 6 in batches of 3, and gives what was loaded. */
async function loadedBy(
  members: { transform?(n: number): unknown; transformBatch?(ns: number[]): Mapped },
  options: RunOptions<number> = {},
) {
  const batches: (BatchInfo & { rows: unknown[] })[] = [];
  const run = etl<number, unknown>({
    name: "mapped",
    extract: () => [0, 1, 2, 3, 4, 5, 6],
    ...members,
    load: (rows, { batch }) => void batches.push({ ...batch, rows }),
  }).run({ batchSize: 3, ...options });
  await vi.advanceTimersByTimeAsync(1000);
  return { batches, rows: batches.map(({ rows }) => rows), report: await run };
}

describe("transform", () => {
  it("is optional: items pass unchanged", async () => {
    const { batches, report } = await loadedBy({});
    expect(batches).toEqual([
      { sequence: 0, offset: 0, size: 3, attempt: 1, rows: [0, 1, 2] },
      { sequence: 1, offset: 3, size: 3, attempt: 1, rows: [3, 4, 5] },
      { sequence: 2, offset: 6, size: 1, attempt: 1, rows: [6] },
    ]);
    expect(report).toMatchObject({ extracted: 7, loaded: 7, skipped: 0, pending: 0, batches: 3 });
  });

  it.each([
    ["sync", (n: number) => 2 * n],
    ["async", async (n: number) => 2 * n],
    ["async, the later the sooner", async (n: number) => (await wait(9 - n), 2 * n)],
    ["sync for some", (n: number) => n % 2 === 0 ? 2 * n : Promise.resolve(2 * n)],
    ["a thenable that settles twice", (n: number) => ({
      then: (resolve: (row: number) => void) => (resolve(2 * n), resolve(-1)),
    })],
  ])("keeps the order if %s", async (_, transform) => {
    const { rows } = await loadedBy({ transform });
    expect(rows).toEqual([[0, 2, 4], [6, 8, 10], [12]]);
  });

  it.each([
    ["sync", (n: number) => n % 3 === 1 ? skip : n],
    ["async", async (n: number) => n % 3 === 1 ? skip : n],
  ])("leaves out items for which it returns skip, and counts them: %s", async (_, transform) => {
    const { batches, report } = await loadedBy({ transform });
    expect(batches).toEqual([
      { sequence: 0, offset: 0, size: 3, attempt: 1, rows: [0, 2] },
      { sequence: 1, offset: 3, size: 3, attempt: 1, rows: [3, 5] },
      { sequence: 2, offset: 6, size: 1, attempt: 1, rows: [6] },
    ]);
    expect(report).toMatchObject({ extracted: 7, loaded: 5, skipped: 2, pending: 0, batches: 3 });
  });

  it("causes no load for a batch without rows, and numbers the next ones on", async () => {
    const { batches, report } = await loadedBy({ transform: (n) => n < 6 ? skip : n });
    expect(batches).toEqual([{ sequence: 2, offset: 6, size: 1, attempt: 1, rows: [6] }]);
    expect(report).toMatchObject({ loaded: 1, skipped: 6, pending: 0, batches: 1 });
    const nothing = await loadedBy({ transform: () => skip }, { workers: 3 });
    expect(nothing.batches).toEqual([]);
    expect(nothing.report).toMatchObject({ outcome: "completed", skipped: 7, batches: 0 });
  });

  it("may return undefined, null and false, which are values", async () => {
    const { rows } = await loadedBy({ transform: (n) => [undefined, null, false][n % 3] });
    expect(rows).toEqual([[undefined, null, false], [undefined, null, false], [undefined]]);
  });
});

describe("transformBatch", () => {
  it.each([
    ["as long", (ns: number[]) => ns.map((n) => -n), [[-0, -1, -2], [-3, -4, -5], [-6]], 7, 0],
    ["shorter", (ns: number[]) => ns.slice(1), [[1, 2], [4, 5]], 4, 3],
    [
      "longer",
      (ns: number[]) => [...ns, ...ns],
      [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5], [6, 6]],
      7,
      0,
    ],
    ["empty", () => [], [], 0, 7],
    ["with skip in it", (ns: number[]) => [skip, ...ns.slice(1)], [[1, 2], [4, 5]], 4, 3],
    ["async", async (ns: number[]) => (await wait(1), ns), [[0, 1, 2], [3, 4, 5], [6]], 7, 0],
  ])("may return an array that is %s", async (_, transformBatch, expected, loaded, skipped) => {
    const { rows, report } = await loadedBy({ transformBatch });
    expect(rows).toEqual(expected);
    expect(report).toMatchObject({ extracted: 7, loaded, skipped, pending: 0 });
  });

  it.each([["plain", {}], ["with retries", { retry: { maxAttempts: 2 } }]])(
    "may reuse its array while a batch waits: %s",
    async (_, options) => {
      const rows: (number | typeof skip)[] = [];
      const loaded: number[] = [];
      const run = etl<number>({
        name: "thrifty",
        extract: () => [0, 1, 2, 3, 4, 5, 6, 7],
        transformBatch: (items) => {
          rows.splice(0, rows.length, ...items.map((n) => n === 4 || n === 5 ? skip : n));
          return rows;
        },
        load: (rows) => wait(10).then(() => void loaded.push(...rows)),
      }).run({ batchSize: 2, workers: 2, ...options });
      await vi.advanceTimersByTimeAsync(1000);
      expect(loaded).toEqual([0, 1, 2, 3, 6, 7]);
      expect(await run).toMatchObject({ loaded: 6, skipped: 2, pending: 0 });
    },
  );

  it("may leave a hole for undefined", async () => {
    const acknowledged: number[] = [];
    const seen: unknown[] = [];
    const report = await etl<number, unknown>({
      name: "holey",
      extract: () => [0, 1, 2],
      transformBatch: () => [skip, , 2],
      load: (rows) => void seen.push(...rows),
      acknowledge: (items) => void acknowledged.push(...items),
    }).run({ batchSize: 3 });
    expect([seen, acknowledged]).toEqual([[undefined, 2], [0, 1, 2]]);
    expect(report).toMatchObject({ loaded: 2, skipped: 1, pending: 0 });
  });

  it.each([undefined, null, "rows", {}, new Set([1])])("fails if it returns %o", async (rows) => {
    for (const gives of [() => rows, async () => rows]) {
      const transformBatch = gives as () => unknown[];
      const load = vi.fn();
      const run = etl<number>({ name: "odd", extract: () => [1], transformBatch, load } as never);
      const error = await errorOf(run.run()) as PipelineError;
      expect(error.stage).toBe("transform");
      expect(error.message).toContain(
        `Cannot run pipeline "odd" as 'transformBatch' must be a function that gives an array: `,
      );
      expect(load).not.toHaveBeenCalled();
      expect(error.report).toMatchObject({ extracted: 1, pending: 1 });
    }
  });
});

describe("load", () => {
  it("cannot change the counts by changing its array", async () => {
    const report = await etl<number>({
      name: "careless",
      extract: () => [1, 2, 3],
      load: (rows, { batch }) => {
        rows.length = 0;
        Object.assign(batch, { size: 100 });
      },
    }).run({ batchSize: 2 });
    expect(report).toMatchObject({ extracted: 3, loaded: 3, skipped: 0, pending: 0 });
  });

  it.each(["sync", "async"])("cannot put anything into the source: %s", async (kind) => {
    const seen: number[][] = [];
    const load = (rows: number[]) => {
      seen.push([...rows]);
      rows.push(99);
    };
    const report = await etl<number>({
      name: "generous",
      extract: () => chunks([[1, 2], [3, 4]]),
      load: kind === "sync" ? load : async (rows) => load(rows),
    }).run({ batchSize: 2 });
    expect(seen).toEqual([[1, 2], [3, 4]]);
    expect(report).toMatchObject({ extracted: 4, loaded: 4, pending: 0 });
  });

  it.each(["sync", "async"])(
    "may throw a SplitError after it has changed its batch: %s",
    async (kind) => {
      const seen: number[][] = [];
      const load = (rows: number[], { batch }: LoadContext) => {
        seen.push([...rows]);
        Object.assign(batch, { size: 100, offset: 50, sequence: 7 });
        if (rows.length > 1) throw new SplitError();
      };
      const report = await etl<number>({
        name: "meddling",
        extract: () => [1, 2, 3, 4],
        load: kind === "sync" ? load : async (rows, context) => load(rows, context),
      }).run({ batchSize: 4 });
      expect(seen).toEqual([[1, 2, 3, 4], [1, 2], [1], [2], [3, 4], [3], [4]]);
      expect(report).toMatchObject({ extracted: 4, loaded: 4, skipped: 0, pending: 0 });
    },
  );

  it("receives the offsets of the halves of a batch", async () => {
    const told: number[][] = [];
    await etl<number>({
      name: "halved",
      extract: () => [1, 2, 3, 4],
      load: (rows, { batch: { offset, size } }) => {
        told.push([offset, size]);
        if (rows.length > 1) throw new SplitError();
      },
    }).run({ batchSize: 2 });
    expect(told).toEqual([[0, 2], [0, 1], [1, 1], [2, 2], [2, 1], [3, 1]]);
  });

  it("does not count as done if it was stopped half-way", async () => {
    const events: string[] = [];
    const run = etl<number>({
      name: "halved",
      extract: () => [1, 2],
      load: (rows) => {
        if (rows.length > 1) throw new SplitError();
        run.abort().catch(() => {});
      },
    }).start({ batchSize: 2, observer: ({ type }) => void events.push(type) });
    await expect(run.finished).rejects.toMatchObject({ report: { loaded: 1, pending: 1 } });
    expect(events).toEqual(["run:start", "run:abort", "run:end"]);
  });

  it("is not called for halves if it has added rows to its batch", async () => {
    const failure = new SplitError();
    const run = etl<number>({
      name: "meddling",
      extract: () => [1, 2],
      load: (rows) => {
        rows.push(3);
        throw failure;
      },
    }).run({ batchSize: 2 });
    await expect(run).rejects.toMatchObject({ stage: "load", cause: failure });
  });
});
