import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BatchError,
  type BatchInfo,
  CancelledError,
  skip,
  SplitError,
} from "../../../src/index.ts";
import { LongSignal } from "../../support/run/signal.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";
import { failureOf, reportOf, start } from "../../support/run/resilient-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const failure = new Error("full");
const retry = { maxAttempts: 3, jitter: "none", baseDelay: 100 } as const;

describe("a load that fails", () => {
  it("is called again with the same rows, a new array, and the next attempt", async () => {
    const calls: [unknown[], BatchInfo, number][] = [];
    const begin = performance.now();
    const load = (rows: unknown[], { batch }: { batch: BatchInfo }) => {
      calls.push([rows.splice(0), batch, performance.now() - begin]);
      if (calls.length < 3) throw failure;
    };
    const report = await reportOf({ load }, { retry });
    expect(calls).toEqual([
      [[0, 1, 2, 3], { sequence: 0, offset: 0, size: 4, attempt: 1 }, 0],
      [[0, 1, 2, 3], { sequence: 0, offset: 0, size: 4, attempt: 2 }, 100],
      [[0, 1, 2, 3], { sequence: 0, offset: 0, size: 4, attempt: 3 }, 300],
      [[4, 5, 6, 7], { sequence: 1, offset: 4, size: 4, attempt: 1 }, 300],
    ]);
    expect(report).toMatchObject({ loaded: 8, batches: 2, retries: 2, outcome: "completed" });
  });

  it("fails the run when no attempt is left, and reports the error of each", async () => {
    const errors = [1, 2, 3].map((attempt) => new Error(`attempt ${attempt}`));
    const load = vi.fn((_: unknown[], { batch }: { batch: BatchInfo }) =>
      Promise.reject(errors[batch.attempt - 1])
    );
    const error = await failureOf({ load }, { retry });
    expect(error).toMatchObject({ stage: "load", attempts: 3, cause: errors[0] });
    expect(error.errors).toEqual(errors);
    expect(error.report).toMatchObject({ loaded: 0, retries: 2, outcome: "failed" });
    expect(load).toHaveBeenCalledTimes(3);
  });

  it("is not retried if isRetriable returns false", async () => {
    const isRetriable = vi.fn((error: unknown) => error !== failure);
    const load = vi.fn(() => Promise.reject(failure));
    const error = await failureOf({ load }, { retry: { ...retry, isRetriable } });
    expect(error).toMatchObject({ attempts: 1, errors: [failure] });
    expect([load.mock.calls.length, isRetriable.mock.calls]).toEqual([1, [[failure, 1]]]);
  });

  it("is not hidden by an isRetriable that throws", async () => {
    const thrown = new Error("cannot tell");
    const isRetriable = () => {
      throw thrown;
    };
    const error = await failureOf({ load: () => Promise.reject(failure) }, {
      retry: { ...retry, isRetriable },
    });
    expect(error).toMatchObject({ stage: "load", cause: failure, errors: [failure, thrown] });
  });

  it("waits for the retryAfter of its error", async () => {
    const times: number[] = [];
    const load = () => {
      times.push(performance.now());
      if (times.length === 1) throw Object.assign(new Error("429"), { retryAfter: 5000 });
    };
    await reportOf({ load }, { retry: { ...retry, maxDelay: 10 } });
    expect(times[1]! - times[0]!).toBe(5000);
  });

  it("does not block other workers while it waits", async () => {
    const times: number[] = [];
    const begin = performance.now();
    const load = ([first]: unknown[], { batch }: { batch: BatchInfo }) => {
      times.push(performance.now() - begin);
      if (first === 0 && batch.attempt === 1) throw failure;
    };
    await reportOf({ load }, { retry, workers: 2, batchSize: 2 });
    expect(times).toEqual([0, 0, 0, 0, 100]);
  });

  it("keeps the batches in order with one worker", async () => {
    const loaded: unknown[] = [];
    const load = async (rows: unknown[], { batch }: { batch: BatchInfo }) => {
      await wait(1);
      if (batch.attempt < 3) throw failure;
      loaded.push(...rows);
    };
    await reportOf({ load }, { retry, batchSize: 3 });
    expect(loaded).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("is retried while the run drains, but not after it was aborted", async () => {
    for (const stop of ["drain", "abort"] as const) {
      const load = vi.fn(() => Promise.reject(failure));
      const run = start(
        { load, extract: () => new ReadableStream({ start: (c) => c.enqueue(1) }) },
        {
          ...{ retry, batchSize: 1 },
        },
      );
      await vi.advanceTimersByTimeAsync(50);
      const { value } = await after(1000, run[stop]());
      expect(load).toHaveBeenCalledTimes(stop === "drain" ? 3 : 1);
      if (stop === "drain") expect(value).toMatchObject({ stage: "load", attempts: 3 });
      else expect(value).toMatchObject({ name: "CancelledError", errors: [failure] });
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

describe("a transform that fails", () => {
  it("is called again for its item alone", async () => {
    const calls: number[] = [];
    const loaded: unknown[] = [];
    const transform = (n: number) => {
      calls.push(n);
      if (n === 1 && calls.filter((other) => other === 1).length < 3) throw failure;
      return n % 2 === 0 ? skip : n * 10;
    };
    const load = (rows: unknown[]) => void loaded.push(...rows);
    const report = await reportOf({ transform, load }, { retry, concurrency: 1 });
    expect(calls).toEqual([0, 1, 1, 1, 2, 3, 4, 5, 6, 7]);
    expect(loaded).toEqual([10, 30, 50, 70]);
    expect(report).toMatchObject({ loaded: 4, skipped: 4, retries: 2 });
  });

  it("does not block the others of its batch", async () => {
    const ends: [number, number][] = [];
    const begin = performance.now();
    const seen = new Set<number>();
    const transform = async (n: number) => {
      await wait(10);
      if (n === 0 && !seen.has(n)) throw (seen.add(n), failure);
      ends.push([n, performance.now() - begin]);
      return n;
    };
    await reportOf({ transform }, { retry, concurrency: 2 });
    expect(ends.slice(0, 4)).toEqual([[1, 10], [2, 20], [3, 30], [0, 120]]);
  });

  it("fails the run when no attempt is left", async () => {
    const transform = (n: number) => n === 5 ? Promise.reject(failure) : n;
    const error = await failureOf({ transform }, { retry });
    expect(error).toMatchObject({ stage: "transform", attempts: 3 });
    expect(error.errors).toEqual([failure, failure, failure]);
    expect(error.report).toMatchObject({ loaded: 4, pending: 4, retries: 2 });
  });

  it("is called again for the whole batch with transformBatch", async () => {
    const calls: number[][] = [];
    const transformBatch = (items: number[]) => {
      calls.push(items.splice(0)); // It may empty what it is given.
      if (calls.length === 1) throw failure;
      return calls.at(-1)!;
    };
    const report = await reportOf({ transformBatch }, { retry });
    expect(calls).toEqual([[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]);
    expect(report).toMatchObject({ loaded: 8, retries: 1 });
  });

  it("has its own retry options", async () => {
    const [transform, load] = [vi.fn(async (n: number) => n), vi.fn(() => Promise.reject(failure))];
    transform.mockRejectedValueOnce(failure);
    const byStage = { transform: { ...retry, maxAttempts: 2 }, load: { maxAttempts: 1 } };
    const error = await failureOf({ transform, load }, { retry: byStage });
    expect(error).toMatchObject({ stage: "load", attempts: 1, report: { retries: 1 } });
    expect(load).toHaveBeenCalledTimes(1);
    const other = await failureOf({ transform: load }, { retry: { load: retry } });
    expect(other).toMatchObject({ stage: "transform", attempts: 1, report: { retries: 0 } });
  });
});

describe("attemptTimeout", () => {
  it("fails a call that takes longer, aborts its signal, and has it retried", async () => {
    const signals: AbortSignal[] = [];
    const load = (_: unknown, { signal, batch }: { signal: AbortSignal; batch: BatchInfo }) => {
      signals.push(signal);
      if (batch.sequence === 0 && batch.attempt < 3) return untilAborted(signal);
    };
    const report = await reportOf({ load }, { retry, attemptTimeout: 50 });
    expect(report).toMatchObject({ loaded: 8, retries: 2 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false, false]);
    expect(signals[0]!.reason).toMatchObject({ name: "TimeoutError" });
  });

  it.each(["transform", "transformBatch"])("applies to %s as well", async (member) => {
    const call = (_: unknown, { signal }: { signal: AbortSignal }) => untilAborted(signal);
    const error = await failureOf({ [member]: call }, { retry: { attemptTimeout: 50 } });
    expect(error).toMatchObject({ stage: "transform", cause: { name: "TimeoutError" } });
  });

  it("does not end the run before a call that ignores it, nor stop later calls", async () => {
    const ends: string[] = [];
    const load = async (_: unknown, { batch }: { batch: BatchInfo }) => {
      if (batch.sequence > 0 || batch.attempt > 1) return;
      await wait(1000);
      ends.push("load");
    };
    let isAborted: boolean | undefined;
    const postProcess = (context: { signal: AbortSignal }) => {
      isAborted = context.signal.aborted;
      ends.push("postProcess");
    };
    const run = start({ load, postProcess }, { retry, attemptTimeout: 50 });
    const { value: report } = await after(1000, run.finished);
    expect(vi.getTimerCount()).toBe(0);
    expect(ends).toEqual(["load", "postProcess"]);
    expect(isAborted).toBe(false);
    expect(report).toMatchObject({ outcome: "completed", loaded: 8 });
  });

  it("is followed by abortTimeout for a call that ignores it", async () => {
    const load = (_: unknown, { batch }: { batch: BatchInfo }) =>
      batch.sequence === 0 && batch.attempt === 1 ? new Promise(() => {}) : undefined;
    const run = start({ load }, { retry, attemptTimeout: 50, abortTimeout: 300 });
    expect((await after(449, run.finished)).state).toBe("pending");
    expect((await after(1, run.finished)).state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no timer for a call that ignores the end of its run", async () => {
    const run = start({ load: () => new Promise(() => {}) }, {
      ...{ attemptTimeout: 1e6, abortTimeout: 10 },
    });
    await vi.advanceTimersByTimeAsync(1);
    const { value } = await after(10, run.abort());
    expect(value).toBeInstanceOf(CancelledError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no listener on the caller's signal", async () => {
    const user = new LongSignal();
    await reportOf({ load: () => wait(1) }, { retry, attemptTimeout: 50, signal: user.signal });
    expect(user.listeners).toBe(0);
  });
});

describe("a load that throws a SplitError", () => {
  it("is called for halves, with or without retries and dead letters", async () => {
    for (const options of [{}, { retry }, { workers: 2 }]) {
      const loaded: unknown[][] = [];
      const load = (rows: unknown[]) => {
        if (rows.length > 3) throw new SplitError();
        loaded.push(rows);
      };
      const report = await reportOf({ load }, { batchSize: 8, ...options });
      expect(loaded).toEqual([[0, 1], [2, 3], [4, 5], [6, 7]]);
      expect(report).toMatchObject({ loaded: 8, batches: 4, retries: 0 });
    }
  });

  it("counts skipped items once", async () => {
    const transform = (n: number) => n % 3 === 0 ? skip : n;
    const load = (rows: unknown[]) => rows.length > 1 ? Promise.reject(new SplitError()) : 0;
    const report = await reportOf({ transform, load });
    expect(report).toMatchObject({ loaded: 5, skipped: 3, batches: 5 });
  });

  it("fails the run if the load has removed rows from its batch", async () => {
    const load = (rows: unknown[]) => {
      if (rows.length < 4) return;
      rows.shift();
      throw new SplitError();
    };
    const error = await failureOf({ load });
    expect(error.cause).toBeInstanceOf(SplitError);
    expect(error.report!.pending).toBe(error.report!.extracted);
  });

  it("for one row fails the run, as does a BatchError without dead letters", async () => {
    for (const thrown of [new SplitError(), new BatchError(new Map([[0, failure]]))]) {
      const error = await failureOf({ load: () => Promise.reject(thrown) }, {
        batchSize: 1,
        retry,
      });
      expect(error).toMatchObject({ stage: "load", attempts: 1, cause: thrown });
    }
  });
});
