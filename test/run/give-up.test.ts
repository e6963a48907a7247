import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { blankCheckpoint, covers } from "../../src/checkpoints/checkpoint.ts";
import { repeatableLetters } from "../../src/dead-letters/repeatable-letters.ts";
import {
  BatchError,
  type DeadLetter,
  EtlError,
  MemoryCheckpointStore,
  skip,
  wholeBatch,
} from "../../src/index.ts";
import { KeptLetters } from "../support/dead-letters/kept-letters.ts";
import { after, untilAborted, wait } from "../support/run/time.ts";
import { failureOf, reportOf, start } from "../support/run/resilient-run.ts";

const now = 1_700_000_000_000;
beforeEach(() => void vi.useFakeTimers({ now }));
afterEach(() => void vi.useRealTimers());

const failure = new Error("no such column");
const isBad = (n: unknown) => n === 1 || n === 6;
const failIfBad = (n: number) => {
  if (isBad(n)) throw failure;
  return -n;
};

describe("a dead letter", () => {
  it("has everything known of an item that could not be transformed", async () => {
    const kept = new KeptLetters();
    const retry = { maxAttempts: 3, baseDelay: 50, jitter: "none" } as const;
    const options = { deadLetters: kept.stream, retry, concurrency: 1 };
    const { runId } = await reportOf({ transform: failIfBad }, options);
    const same = { error: failure, stage: "transform", attempts: 3, pipeline: "numbers", runId };
    expect(kept.letters).toEqual([
      { item: 1, ...same, offset: 1, at: now + 150 },
      // A turn for everything else may lie between, which takes a millisecond.
      { item: 6, ...same, offset: 6, at: expect.closeTo(now + 300, -1) },
    ]);
    expect(kept.letters[0]!.error).toBe(failure);
  });

  it("has the row of an item that could not be loaded, if there is a transform", async () => {
    const load = async (rows: unknown[]) => {
      await wait(10);
      if (rows.some((row) => isBad(row) || isBad(-(row as number)))) throw failure;
    };
    const transforms = [{}, { transform: (n: number) => -n }, {
      transformBatch: (items: number[]) => items.map((n) => -n),
    }];
    for (const members of transforms) {
      const kept = new KeptLetters();
      const begin = Date.now();
      const { runId } = await reportOf({ load, ...members }, { deadLetters: kept.stream });
      const same = { error: failure, stage: "load", attempts: 1, pipeline: "numbers", runId };
      const rows = Object.keys(members).length > 0;
      expect(kept.letters).toEqual([
        { item: 1, ...rows && { row: -1 }, ...same, offset: 1, at: begin + 40 },
        { item: 6, ...rows && { row: -6 }, ...same, offset: 6, at: begin + 90 },
      ]);
      expect("row" in kept.letters[0]!).toBe(rows);
    }
  });

  it("has no row if it is not known which item the row comes from", async () => {
    const transformBatch = (items: number[]) => wholeBatch(items.flatMap((n) => [n, n]));
    const load = ([first]: unknown[]) => first === 4 ? Promise.reject(failure) : undefined;
    const kept = new KeptLetters();
    const report = await reportOf({ transformBatch, load }, { deadLetters: kept.stream });
    expect(kept.letters).toMatchObject([4, 5, 6, 7].map((item) => ({ item, offset: item })));
    expect(kept.letters.some((letter) => "row" in letter)).toBe(false);
    expect(report).toMatchObject({ loaded: 4, deadLettered: 4 });
  });

  it.each([undefined, null, "a string", 0])("has the very %o that was thrown", async (thrown) => {
    const kept = new KeptLetters();
    const transform = (n: number) => n === 3 ? Promise.reject(thrown) : n;
    await reportOf({ transform }, { deadLetters: kept.stream });
    expect(kept.letters).toHaveLength(1);
    expect(kept.letters[0]!.error).toBe(thrown);
  });

  it("is written once, whatever else happens to its batch", async () => {
    const kept = new KeptLetters();
    const transform = (n: number) => n === 2 ? Promise.reject(failure) : n === 3 ? skip : n;
    const load = (rows: unknown[]) => {
      if (rows.includes(1)) throw failure;
    };
    const report = await reportOf({ transform, load }, { deadLetters: kept.stream });
    expect(kept.letters.map(({ item, stage }) => [item, stage])).toEqual([
      [2, "transform"],
      [1, "load"],
    ]);
    expect(report).toMatchObject({ loaded: 5, skipped: 1, deadLettered: 2, pending: 0 });
  });

  it("may be the only output of a run", async () => {
    const kept = new KeptLetters();
    const load = vi.fn();
    const transform = () => Promise.reject(failure);
    const report = await reportOf({ transform, load }, { deadLetters: kept.stream, workers: 3 });
    expect(load).not.toHaveBeenCalled();
    expect(kept.items.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(report).toMatchObject({ deadLettered: 8, batches: 0, outcome: "completed" });
  });

  it("is written one after the other for many transforms at once", async () => {
    let writing = 0;
    const most: number[] = [];
    const kept = new KeptLetters(async () => {
      most.push(++writing);
      await wait(5);
      writing--;
    });
    await reportOf({ transform: () => wait(1).then(() => Promise.reject(failure)) }, {
      ...{ deadLetters: kept.stream, workers: 2, concurrency: 8 },
    });
    expect(most).toEqual(Array(8).fill(1));
    expect(kept.letters).toHaveLength(8);
  });
});

describe("maxDeadLetters", () => {
  const transform = failIfBad;

  it("is the number of dead letters that a run may write", async () => {
    const kept = new KeptLetters();
    const report = await reportOf({ transform }, { deadLetters: kept.stream, maxDeadLetters: 2 });
    expect([kept.items, report.deadLettered]).toEqual([[1, 6], 2]);
  });

  it.each([
    [0, [], "More than 0 dead letters"],
    [1, [1], "More than 1 dead letter"],
  ])("of %i fails the run with the next dead letter", async (maxDeadLetters, items, message) => {
    const kept = new KeptLetters();
    const load = vi.fn();
    const error = await failureOf({ transform, load }, {
      deadLetters: kept.stream,
      maxDeadLetters,
    });
    expect(error).toMatchObject({ stage: "deadLetters", report: { deadLettered: items.length } });
    expect(error.cause).toBeInstanceOf(EtlError);
    expect(error.cause).toMatchObject({ message, cause: failure });
    expect([kept.items, load.mock.calls.length]).toEqual([items, maxDeadLetters]);
    expect(kept.stream.locked).toBe(false);
  });

  it("may be a share of the items that were finished last", async () => {
    // Of 100 items the multiples of 10 fail, and from 50 on those of 5.
    const extract = () => Array.from({ length: 100 }, (_, n) => n);
    const transform = (n: number) =>
      n > 0 && n % (n < 50 ? 10 : 5) === 0 ? Promise.reject(failure) : n;
    const options = { batchSize: 1, maxDeadLetters: { ratio: 0.1, window: 10 } };
    const kept = new KeptLetters();
    const error = await failureOf({ extract, transform }, { ...options, deadLetters: kept.stream });
    expect(error.cause).toMatchObject({
      message: "More than 0.1 of the last 10 items are dead letters",
    });
    expect(kept.items).toEqual([10, 20, 30, 40, 50]);
    const wide = { ...options, maxDeadLetters: { ratio: 0.2, window: 10 } };
    const report = await reportOf({ extract, transform }, {
      ...{ ...wide, deadLetters: new KeptLetters().stream },
    });
    expect(report.deadLettered).toBe(14);
  });

  it("counts skipped items among those that are finished", async () => {
    const extract = () => Array.from({ length: 100 }, (_, n) => n);
    const fails = (n: number) => n % 10 === 9;
    const transforms = {
      "one by one": { transform: (n: number) => fails(n) ? Promise.reject(failure) : skip },
      "by the batch": {
        transformBatch: (items: number[]) =>
          items.some(fails) ? Promise.reject(failure) : wholeBatch([]),
      },
    };
    for (const members of Object.values(transforms)) {
      const kept = new KeptLetters();
      const maxDeadLetters = { ratio: 0.1, window: 10 };
      const options = { batchSize: 5, maxDeadLetters, deadLetters: kept.stream };
      const report = await reportOf({ extract, ...members }, options);
      expect(report).toMatchObject({ skipped: 90, deadLettered: 10 });
    }
  });
});

describe("letters of a store that takes several at once", () => {
  const poisons = [1, 2, 3, 6];

  /** Keeps letters after 10 ms, unless that is to fail; names the bad rows of a load at once. */
  function world(keep: (signal: AbortSignal) => unknown = () => {}) {
    const groups: number[][] = [];
    const loaded: number[] = [];
    const writeAll = async (
      letters: readonly DeadLetter<number>[],
      { signal }: { readonly signal: AbortSignal },
    ) => {
      await wait(10);
      await keep(signal);
      groups.push(letters.map(({ item }) => item));
    };
    const deadLetters = repeatableLetters<number>({
      write: (letter, told) => writeAll([letter], told),
      writeAll,
    });
    const load = async (rows: unknown[]) => {
      await wait(1);
      const bad = [...rows.entries()].filter(([, row]) => poisons.includes(row as number));
      if (bad.length > 0) throw new BatchError(new Map(bad.map(([at]) => [at, failure])));
      loaded.push(...rows as number[]);
    };
    const checkpoints = new MemoryCheckpointStore();
    const finished = () => {
      const found = checkpoints.read("numbers") ?? blankCheckpoint;
      return [0, 1, 2, 3, 4, 5, 6, 7].filter((n) => covers(found, [[n, n + 1]]));
    };
    return { groups, loaded, load, finished, options: { deadLetters, checkpoints } };
  }

  it("are written together for a batch, and what comes meanwhile is written next", async () => {
    const { groups, load, options } = world();
    const report = await reportOf({ load }, options);
    expect([groups, report.deadLettered, report.loaded]).toEqual([[[1, 2, 3], [6]], 4, 4]);
    const many = world();
    const transform = (n: number) => wait(n).then(() => Promise.reject(failure));
    await reportOf({ transform }, { ...many.options, batchSize: 8, concurrency: 8 });
    expect(many.groups).toEqual([[0], [1, 2, 3, 4, 5, 6, 7]]);
  });

  it("are those before the one that is too many", async () => {
    const { groups, load, finished, options } = world();
    const error = await failureOf({ load }, { ...options, maxDeadLetters: 2 });
    expect(error).toMatchObject({ stage: "deadLetters", report: { deadLettered: 2 } });
    expect(error.cause).toMatchObject({ message: "More than 2 dead letters" });
    expect([groups, finished()]).toEqual([[[1, 2]], [1, 2]]);
  });

  it("are tried again together", async () => {
    let calls = 0;
    const { groups, load, options } = world(() => {
      if (calls++ === 0) throw new Error("busy");
    });
    await reportOf({ load }, { ...options, retry: { maxAttempts: 2 } });
    expect([groups, calls]).toEqual([[[1, 2, 3], [6]], 3]);
  });

  it.each<
    [string, (signal: AbortSignal) => unknown, ((run: ReturnType<typeof start>) => unknown)?]
  >([
    ["is read", () => {}],
    ["is drained", () => {}, (run) => void run.drain()],
    ["is aborted", () => {}, (run) => run.abort(failure)],
    ["is aborted, which ends their write", untilAborted, (run) => run.abort(failure)],
    ["fails, as they cannot be kept", () => Promise.reject(failure)],
  ])("are kept for all that is marked when the run %s", async (_, keep, end) => {
    const { groups, loaded, load, finished, options } = world(keep);
    const run = start({ load }, { ...options, abortTimeout: 100 });
    const settled = after(100_000, run.finished);
    await vi.advanceTimersByTimeAsync(5); // The first letters are being written.
    end?.(run);
    await settled;
    const given = [...loaded, ...groups.flat()].sort();
    expect(finished()).toEqual(given);
    expect(new Set(given).size).toBe(given.length);
    expect(run.snapshot().deadLettered).toBe(groups.flat().length);
  });
});
