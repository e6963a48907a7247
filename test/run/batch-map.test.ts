import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type BatchInfo,
  etl,
  many,
  type PipelineError,
  type RunOptions,
  skip,
  type TransformedBatch,
  wholeBatch,
} from "../../src/index.ts";
import { wait } from "../support/run/time.ts";
import { errorOf } from "../support/run/time.ts";
import { KeptLetters } from "../support/dead-letters/kept-letters.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Mapped = TransformedBatch<unknown> | PromiseLike<TransformedBatch<unknown>>;

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
    [
      "of rows of all items, fewer",
      (ns: number[]) => wholeBatch(ns.slice(1)),
      [[1, 2], [4, 5]],
      6,
      1,
    ],
    [
      "of rows of all items, more",
      (ns: number[]) => wholeBatch([...ns, ...ns]),
      [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5], [6, 6]],
      7,
      0,
    ],
    [
      "of several rows for an item",
      ([first, ...ns]: number[]) => [many([first, -first!]), ...ns],
      [[0, -0, 1, 2], [3, -3, 4, 5], [6, -6]],
      7,
      0,
    ],
    ["of no rows", () => wholeBatch([]), [], 0, 7],
    ["with skip in it", (ns: number[]) => [skip, ...ns.slice(1)], [[1, 2], [4, 5]], 4, 3],
    ["async", async (ns: number[]) => (await wait(1), ns), [[0, 1, 2], [3, 4, 5], [6]], 7, 0],
  ])("may return what is %s", async (_, transformBatch, expected, loaded, skipped) => {
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

  it.each([
    [[], "an array of 0"],
    [[1, 2, 3], "an array of 3"],
    [many([1, 2]), "an instance of RowsInPlace"],
  ])("is refused where it returns no entry for each item: %o", async (rows, words) => {
    const deadLetters = new KeptLetters();
    for (const options of [{}, { retry: { maxAttempts: 3 }, deadLetters: deadLetters.stream }]) {
      const transformBatch = vi.fn(() => rows as number[]);
      const error = await errorOf(loadedBy({ transformBatch }, { ...options, batchSize: 2 }));
      expect(error).toMatchObject({
        stage: "transform",
        message:
          `Pipeline "mapped" failed in transform: 'transformBatch' must be a function that ` +
          "returns an array of 2, one entry for each item ('many(rows)' for several rows, 'skip' for " +
          `none), or 'wholeBatch(rows)' for rows of no single item: current value is ${words}`,
      });
      expect(transformBatch).toHaveBeenCalledTimes(1);
    }
    expect(deadLetters.letters).toEqual([]);
  });

  it.each([undefined, null, "rows", {}, new Set([1])])("fails if it returns %o", async (rows) => {
    for (const gives of [() => rows, async () => rows]) {
      const transformBatch = gives as () => unknown[];
      const load = vi.fn();
      const run = etl<number>({ name: "odd", extract: () => [1], transformBatch, load } as never);
      const error = await errorOf(run.run()) as PipelineError;
      expect(error.stage).toBe("transform");
      expect(error.message).toContain(
        `Pipeline "odd" failed in transform: 'transformBatch' must be a function that returns an array of 1, one entry `,
      );
      expect(load).not.toHaveBeenCalled();
      expect(error.report).toMatchObject({ extracted: 1, pending: 1 });
    }
  });
});
