import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BatchError,
  type BatchInfo,
  type CancelledError,
  ConfigurationError,
  MemoryCheckpointStore,
  skip,
  SplitError,
  wholeBatch,
} from "../../src/index.ts";
import { KeptLetters } from "../support/dead-letters/kept-letters.ts";
import { after, untilAborted, wait } from "../support/run/time.ts";
import { failureOf, reportOf, start } from "../support/run/resilient-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("poison");

/** A load that fails as long as one of these rows is in it, and records the others. */
function poisonedLoad(...poisons: unknown[]) {
  const loaded: unknown[] = [];
  const sizes: number[] = [];
  const load = async (rows: unknown[]) => {
    sizes.push(rows.length);
    await wait(1);
    if (rows.some((row) => poisons.includes(row))) throw failure;
    loaded.push(...rows);
  };
  return { load, loaded, sizes };
}

describe("a failing item in a batch", () => {
  it("becomes a dead letter, and the others are loaded in order", async () => {
    const { load, loaded, sizes } = poisonedLoad(2, 7);
    const kept = new KeptLetters();
    const report = await reportOf({ load }, { deadLetters: kept.stream });
    expect(kept.items).toEqual([2, 7]);
    expect(loaded).toEqual([0, 1, 3, 4, 5, 6]);
    expect(sizes).toEqual([4, 2, 2, 1, 1, 4, 2, 2, 1, 1]);
    expect(report).toMatchObject({ loaded: 6, deadLettered: 2, batches: 4, retries: 0 });
  });

  it("costs at most 21 loads of a batch of 1024 items", async () => {
    const { load, loaded, sizes } = poisonedLoad(700);
    const kept = new KeptLetters();
    const items = Array.from({ length: 1024 }, (_, n) => n);
    const options = { batchSize: 1024, deadLetters: kept.stream };
    await reportOf({ extract: () => items, load }, options);
    expect([sizes.length, kept.items]).toEqual([21, [700]]);
    expect(loaded).toEqual(items.filter((n) => n !== 700));
  });

  it("is found by its row if the transform has skipped others", async () => {
    const { load, loaded } = poisonedLoad("r4");
    const kept = new KeptLetters();
    const transform = (n: number) => n % 3 === 0 ? skip : `r${n}`;
    const options = { batchSize: 8, deadLetters: kept.stream };
    const report = await reportOf({ load, transform }, options);
    expect(kept.letters).toMatchObject([{ item: 4, row: "r4", offset: 4 }]);
    expect(loaded).toEqual(["r1", "r2", "r5", "r7"]);
    expect(report).toMatchObject({ loaded: 4, skipped: 3, deadLettered: 1 });
  });

  it('takes its whole batch with it if isolate is "none"', async () => {
    const { load, loaded, sizes } = poisonedLoad(2);
    const kept = new KeptLetters();
    await reportOf({ load }, { deadLetters: kept.stream, isolate: "none" });
    expect([kept.items, loaded, sizes]).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [4, 4]]);
  });

  it("takes its neighbours with it once the budget of the batch is spent", async () => {
    const { load, loaded, sizes } = poisonedLoad(2, 6);
    const kept = new KeptLetters();
    await reportOf({ load }, { deadLetters: kept.stream, isolationBudget: 2 });
    expect(kept.items).toEqual([2, 3, 6, 7]);
    expect(loaded).toEqual([0, 1, 4, 5]);
    expect(sizes).toEqual([4, 2, 2, 4, 2, 2]);
  });

  it("does not block other workers", async () => {
    const { load, loaded } = poisonedLoad(0);
    const kept = new KeptLetters();
    await reportOf({ load }, { deadLetters: kept.stream, workers: 2 });
    expect(loaded).toEqual([4, 5, 6, 7, 1, 2, 3]);
    expect(kept.items).toEqual([0]);
  });

  it("is reported to load in ctx.batch while it is isolated", async () => {
    const told: BatchInfo[] = [];
    const load = (rows: unknown[], { batch }: { batch: BatchInfo }) => {
      told.push(batch);
      if (rows.includes(6)) throw failure;
    };
    await reportOf({ load }, { deadLetters: new KeptLetters().stream });
    expect(told).toEqual([
      { sequence: 0, offset: 0, size: 4, attempt: 1 },
      { sequence: 1, offset: 4, size: 4, attempt: 1 },
      { sequence: 1, offset: 4, size: 2, attempt: 1 },
      { sequence: 1, offset: 6, size: 2, attempt: 1 },
      { sequence: 1, offset: 6, size: 1, attempt: 1 },
      { sequence: 1, offset: 6, size: 2, attempt: 1 }, // What was given up on is finished with it.
    ]);
  });
});

describe("the checkpoint of a run that is stopped", () => {
  it("includes earlier dead letters, unless the source is to acknowledge them", async () => {
    for (const [at, isTold] of [[7, false], [30, false], [7, true], [30, true]] as const) {
      const load = (rows: unknown[], { signal }: { signal: AbortSignal }) => {
        if (rows.includes(0)) return Promise.reject(failure);
        return untilAborted(signal);
      };
      const kept = new KeptLetters(() => wait(20)); // It is on its way, or written.
      const acknowledge = vi.fn();
      const members = isTold ? { load, acknowledge, replayable: true } : { load };
      const run = start(members, {
        ...{ deadLetters: kept.stream, checkpoints: new MemoryCheckpointStore() },
      });
      await vi.advanceTimersByTimeAsync(at);
      const { value } = await after(1000, run.abort());
      const { report } = value as CancelledError;
      expect(report).toMatchObject({ deadLettered: 1, loaded: 0 });
      // A source that is told of what is finished has to give again what it was not told of.
      if (isTold) expect(report).not.toHaveProperty("checkpoint");
      else expect(report).toHaveProperty("checkpoint.offset", 1);
      expect(acknowledge).not.toHaveBeenCalled(); // No further call begins.
    }
  });
});

describe("retry and isolation", () => {
  const retry = { maxAttempts: 2, baseDelay: 0 };

  it("happen in this order, and parts are not retried", async () => {
    const told: [number, number][] = [];
    const load = (rows: unknown[], { batch }: { batch: BatchInfo }) => {
      told.push([rows.length, batch.attempt]);
      if (rows.includes(1)) throw failure;
    };
    const kept = new KeptLetters();
    const report = await reportOf({ load }, { retry, deadLetters: kept.stream });
    expect(told).toEqual([[4, 1], [4, 2], [2, 2], [1, 2], [1, 2], [2, 2], [4, 1]]);
    expect(kept.letters).toMatchObject([{ item: 1, attempts: 2 }]);
    expect(report.retries).toBe(1);
  });

  it("do not divide a batch whose error may be temporary", async () => {
    const errors = [
      [Object.assign(new Error("429"), { retryAfter: 5 }), {}],
      [failure, { isRetriable: () => true }],
    ] as const;
    for (const [error, more] of errors) {
      const load = vi.fn(([first]: unknown[]) => first === 0 ? Promise.reject(error) : undefined);
      const kept = new KeptLetters();
      await reportOf({ load }, { retry: { ...retry, ...more }, deadLetters: kept.stream });
      expect(load).toHaveBeenCalledTimes(3);
      expect(kept.letters.map((letter) => [letter.item, letter.error, letter.attempts])).toEqual(
        [0, 1, 2, 3].map((item) => [item, error, 2]),
      );
    }
  });

  it("do not divide a batch that took too long", async () => {
    const load = vi.fn(([first]: unknown[]) => first === 0 ? wait(100) : undefined);
    const kept = new KeptLetters();
    await reportOf({ load }, { attemptTimeout: 10, deadLetters: kept.stream });
    expect(load).toHaveBeenCalledTimes(2);
    expect(kept.letters.map(({ error }) => (error as DOMException).name)).toEqual(
      Array(4).fill("TimeoutError"),
    );
  });

  it("do nothing for a ConfigurationError", async () => {
    const kept = new KeptLetters();
    const error = await failureOf(
      { load: () => Promise.reject(new ConfigurationError("no such table")) },
      { retry, deadLetters: kept.stream },
    );
    expect(error).toMatchObject({ stage: "load", attempts: 1 });
    expect(kept.letters).toEqual([]);
  });
});

describe("a load that throws a BatchError", () => {
  it("is called once more without the items it names", async () => {
    const loaded: unknown[] = [];
    const errors = new Map([[1, new Error("one")], [3, new Error("three")]]);
    const load = vi.fn((rows: unknown[]) => {
      if (rows.includes(1)) throw new BatchError(errors);
      loaded.push(...rows);
    });
    const kept = new KeptLetters();
    const report = await reportOf({ load }, { deadLetters: kept.stream });
    expect(load.mock.calls.map(([rows]) => rows.length)).toEqual([4, 2, 4]);
    expect(loaded).toEqual([0, 2, 4, 5, 6, 7]);
    expect(kept.letters.map(({ item, error }) => [item, error])).toEqual([
      [1, errors.get(1)],
      [3, errors.get(3)],
    ]);
    expect(report).toMatchObject({ loaded: 6, deadLettered: 2, batches: 2, retries: 0 });
  });

  it("may name all items", async () => {
    const load = ([first]: unknown[]) => {
      if (first === 0) throw new BatchError(new Map([0, 1, 2, 3].map((n) => [n, failure])));
    };
    const kept = new KeptLetters();
    await reportOf({ load }, { deadLetters: kept.stream });
    expect(kept.items).toEqual([0, 1, 2, 3]);
  });
});

describe("a SplitError for a batch with failing items", () => {
  it("halves the batch first, then bisects the halves", async () => {
    const loaded: unknown[] = [];
    const load = (rows: unknown[]) => {
      if (rows.length > 4) throw new SplitError();
      if (rows.includes(5)) throw failure;
      loaded.push(...rows);
    };
    const kept = new KeptLetters();
    await reportOf({ load }, { batchSize: 8, deadLetters: kept.stream });
    expect([kept.items, loaded]).toEqual([[5], [0, 1, 2, 3, 4, 6, 7]]);
  });
});

describe("a transformBatch that fails", () => {
  it("is called for halves until the failing item is isolated", async () => {
    const loaded: unknown[] = [];
    const load = (rows: unknown[]) => void loaded.push(rows);
    const transformBatch = vi.fn((items: number[]) => {
      if (items.includes(6)) throw failure;
      return items.map((n) => n === 5 ? skip : -n);
    });
    const kept = new KeptLetters();
    const report = await reportOf({ transformBatch, load }, { deadLetters: kept.stream });
    expect(transformBatch).toHaveBeenCalledTimes(6);
    expect(loaded).toEqual([[-0, -1, -2, -3], [-4, -7]]);
    expect(kept.letters).toMatchObject([{ item: 6, stage: "transform", offset: 6 }]);
    expect(report).toMatchObject({ loaded: 6, skipped: 1, deadLettered: 1 });
  });

  it("may make parts longer, which then succeed or fail as a whole", async () => {
    const transformBatch = (items: number[]) => {
      if (items.includes(6)) throw failure;
      return wholeBatch(items.flatMap((n) => [n, n]));
    };
    for (const isFailing of [false, true]) {
      const load = (rows: unknown[]) => {
        if (isFailing && rows.includes(4)) throw failure;
      };
      const kept = new KeptLetters();
      const report = await reportOf({ transformBatch, load }, { deadLetters: kept.stream });
      expect(kept.items).toEqual(isFailing ? [6, 4, 5, 7] : [6]);
      expect(report).toMatchObject(
        isFailing ? { loaded: 4, deadLettered: 4 } : { loaded: 7, deadLettered: 1 },
      );
    }
  });

  it("may leave nothing of a batch", async () => {
    const kept = new KeptLetters();
    const transformBatch = ([first]: number[]) =>
      first === 0 ? wholeBatch([]) : Promise.reject(failure);
    const load = vi.fn();
    const report = await reportOf({ transformBatch, load }, { deadLetters: kept.stream });
    expect(load).not.toHaveBeenCalled();
    expect(report).toMatchObject({ loaded: 0, skipped: 4, deadLettered: 4, pending: 0 });
  });
});
