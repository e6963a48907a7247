import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type CancelledError,
  MemoryCheckpointStore,
  type Pipeline,
  skip,
  wholeBatch,
} from "../../../src/index.ts";
import { KeptLetters } from "../../support/dead-letters/kept-letters.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";
import { failureOf, reportOf, start } from "../../support/run/resilient-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("poison");
const all = [0, 1, 2, 3, 4, 5, 6, 7];

/** Members that note what happens to which items, in order. */
function noted(members: Partial<Pipeline<number, unknown>> = {}) {
  const events: string[] = [];
  const acknowledged: number[] = [];
  const load: Pipeline<number, unknown>["load"] = async (rows, context) => {
    await wait(5);
    await members.load?.(rows, context);
    events.push(`load ${rows}`);
  };
  const acknowledge = (items: readonly number[]) => {
    acknowledged.push(...items);
    events.push(`acknowledge ${items}`);
  };
  return { events, acknowledged, members: { ...members, load, acknowledge, replayable: true } };
}

describe("acknowledge", () => {
  it("is called once for each item, after its load", async () => {
    const { events, members } = noted();
    await reportOf(members);
    expect(events).toEqual([
      ...["load 0,1,2,3", "acknowledge 0,1,2,3", "load 4,5,6,7", "acknowledge 4,5,6,7"],
    ]);
  });

  it("receives the items, not what the transform has made of them", async () => {
    const { events, members } = noted({ transform: (n) => `r${n}` });
    await reportOf(members, { batchSize: 8 });
    expect(events[1]).toBe("acknowledge 0,1,2,3,4,5,6,7");
  });

  it("receives the context of the run, and is awaited", async () => {
    const told: unknown[] = [];
    let isDone = false;
    const acknowledge: Pipeline<number>["acknowledge"] = async (_, context) => {
      told.push(context.pipeline, context.runId, context.signal.aborted);
      await wait(50);
      isDone = true;
    };
    const report = await reportOf({ acknowledge }, { batchSize: 8 });
    expect(told).toEqual(["numbers", report.runId, false]);
    expect(isDone).toBe(true);
  });

  it.each([["sync", 0], ["async", 10]])("delays the next load: %s", async (_, delay) => {
    const times: number[] = [];
    const begin = performance.now();
    const load = () => {
      times.push(performance.now() - begin);
      return delay > 0 ? wait(delay) : undefined;
    };
    await reportOf({ load, acknowledge: () => wait(50) }, { batchSize: 2 });
    expect(times).toEqual([0, 50, 100, 150].map((time, calls) => time + calls * delay));
  });

  it.each<[string, Partial<Pipeline<number, unknown>>]>([
    ["skipped one by one", { transform: (n) => n % 3 === 0 ? skip : n }],
    ["skipped, all of them", { transform: () => skip }],
    ["left out by the batch", { transformBatch: (items) => wholeBatch(items.slice(1)) }],
    ["left out by the batch, all of them", { transformBatch: () => wholeBatch([]) }],
    ["made more", { transformBatch: (items) => wholeBatch([...items, ...items]) }],
    ["given up on by the transform", {
      transform: (n) => n % 3 === 0 ? Promise.reject(failure) : n,
    }],
    ["given up on by the transform, all of them", { transform: () => Promise.reject(failure) }],
    ["given up on by the batch", {
      transformBatch: (items) =>
        items.includes(5) ? Promise.reject(failure) : wholeBatch([...items, 9]),
    }],
    ["given up on by the load", {
      load: (rows) => rows.includes(2) || rows.includes(7) ? Promise.reject(failure) : 0,
    }],
    ["given up on by the load, all of them", { load: () => Promise.reject(failure) }],
    ["given up on by the load of what was made more", {
      transformBatch: (items) => wholeBatch([...items, ...items]),
      load: () => Promise.reject(failure),
    }],
    ["given up on by the load of what was made fewer", {
      transformBatch: (items) => wholeBatch(items.slice(1)),
      load: () => Promise.reject(failure),
    }],
    ["given up on by the batch, and by the load of the rest", {
      transformBatch: (items) =>
        items.includes(2) ? Promise.reject(failure) : wholeBatch([...items, 9]),
      load: () => Promise.reject(failure),
    }],
    ["given up on and skipped", {
      transform: (n) => n === 0 ? Promise.reject(failure) : n === 1 ? skip : n,
      load: (rows) => rows.includes(3) ? Promise.reject(failure) : 0,
    }],
  ])("is called once for items that are %s", async (_, members) => {
    for (const batchSize of [1, 3, 4, 8]) {
      for (const workers of [1, 3]) {
        const { acknowledged, members: own } = noted(members);
        const kept = new KeptLetters();
        const options = { batchSize, workers, deadLetters: kept.stream };
        const report = await reportOf(own, {
          ...{ ...options, checkpoints: new MemoryCheckpointStore() },
        });
        expect(acknowledged.toSorted()).toEqual(all);
        expect(report).toMatchObject({ pending: 0, outcome: "completed" });
        expect(report.checkpoint).toMatchObject({ offset: 8, done: [] });
      }
    }
  });

  it("is called for a dead letter only after it was written", async () => {
    const { events, members } = noted({ load: () => Promise.reject(failure) });
    const kept = new KeptLetters(async ({ item }) => {
      await wait(5);
      events.push(`write ${item}`);
    });
    await reportOf(
      members,
      { batchSize: 2, deadLetters: kept.stream },
    );
    expect(events.slice(0, 3)).toEqual(["write 0", "write 1", "acknowledge 0,1"]);
  });

  it("is called for parts as they are loaded, with the dead letters before them", async () => {
    const { events, members } = noted({
      load: (rows) => rows.includes(2) ? Promise.reject(failure) : 0,
    });
    await reportOf(members, { deadLetters: new KeptLetters().stream });
    expect(events.filter((event) => event.startsWith("a"))).toEqual([
      ...["acknowledge 0,1", "acknowledge 2,3", "acknowledge 4,5,6,7"],
    ]);
  });

  it("is not called for pending items", async () => {
    const ends = ["fail", "abort"] as const;
    for (const end of ends) {
      const { acknowledged, members } = noted({
        transform: (n) => n % 4 === 1 ? skip : n,
        load: ([first], { signal }) => {
          if (first !== 4) return;
          return end === "fail" ? Promise.reject(failure) : untilAborted(signal);
        },
      });
      const run = start(members);
      await vi.advanceTimersByTimeAsync(50);
      const { value } = await after(100, end === "abort" ? run.abort() : run.finished);
      const { report } = value as CancelledError;
      expect(acknowledged).toEqual([0, 1, 2, 3]);
      expect(report).toMatchObject({ loaded: 3, skipped: 1, pending: 4 });
    }
  });

  it("is not called for a load that ends after the run was over", async () => {
    const { events, acknowledged, members } = noted({ load: () => wait(1000) });
    const run = start(members, { abortTimeout: 100 });
    await vi.advanceTimersByTimeAsync(10);
    const { value } = await after(100, run.abort());
    expect((value as CancelledError).report).toMatchObject({ loaded: 0, pending: 8 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events).toEqual(["load 0,1,2,3"]);
    expect([acknowledged, run.snapshot().loaded]).toEqual([[], 0]);
  });

  it("that fails stops the run", async () => {
    const lost = new Error("connection lost");
    for (
      const acknowledge of [() => Promise.reject(lost), () => {
        throw lost;
      }]
    ) {
      const [load, reject] = [vi.fn(), vi.fn()];
      const error = await failureOf({ load, acknowledge, reject });
      expect(error).toMatchObject({ stage: "checkpoints", cause: lost, errors: [lost] });
      expect(error.report).toMatchObject({ loaded: 4, pending: 4 });
      expect(load).toHaveBeenCalledTimes(1);
      expect(reject).not.toHaveBeenCalled(); // These items are loaded.
    }
  });

  it("that fails for a part, or for skipped items, stops the run as well", async () => {
    const lost = new Error("connection lost");
    const acknowledge = () => Promise.reject(lost);
    const deadLetters = () => new KeptLetters().stream;
    const load = (rows: unknown[]) => rows.includes(3) ? Promise.reject(failure) : 0;
    const part = await failureOf({ load, acknowledge }, { deadLetters });
    expect(part).toMatchObject({ stage: "checkpoints", cause: lost, report: { loaded: 2 } });
    const skipped = await failureOf({ transform: () => skip, acknowledge });
    expect(skipped).toMatchObject({ stage: "checkpoints", cause: lost });
  });
});

describe("reject", () => {
  it("is called with the items that failed, and the error", async () => {
    const errors = [1, 2].map((attempt) => new Error(`attempt ${attempt}`));
    const load: Pipeline<number>["load"] = (rows, { batch }) => {
      if (rows[0] === 4) throw errors[batch.attempt - 1];
    };
    const reject = vi.fn((_: readonly number[], __: unknown, ___: { signal: AbortSignal }) => {});
    const error = await failureOf({ load, reject }, { retry: { maxAttempts: 2, baseDelay: 0 } });
    expect(error.errors).toEqual(errors);
    const [[items, told, context]] = reject.mock.calls as [Parameters<typeof reject>];
    expect([items, told]).toEqual([[4, 5, 6, 7], errors[1]]);
    expect(context).toMatchObject({ pipeline: "numbers", runId: error.report!.runId });
    expect(context.signal.aborted).toBe(false); // It may still use what takes a signal.
    expect(reject).toHaveBeenCalledTimes(1);
  });

  it.each<[string, Partial<Pipeline<number, unknown>>, number[]]>([
    ["transform", { transform: (n) => n === 2 ? Promise.reject(failure) : n }, [2]],
    ["transformBatch", { transformBatch: () => Promise.reject(failure) }, [0, 1, 2, 3]],
    ["load of rows that others are left out of", {
      transform: (n) => n === 1 ? skip : n,
      load: () => Promise.reject(failure),
    }, [0, 2, 3]],
    ["load of what was made more", {
      transformBatch: (items) => wholeBatch([...items, 9]),
      load: () => Promise.reject(failure),
    }, [0, 1, 2, 3]],
  ])("is called for a %s that failed", async (_, members, items) => {
    const reject = vi.fn();
    await failureOf({ ...members, reject });
    expect(reject.mock.calls.map(([given]) => given)).toEqual([items]);
  });

  it("is awaited, even if the source has ended", async () => {
    let isDone = false;
    const reject = async () => {
      await wait(500);
      isDone = true;
    };
    for (
      const load of [() => Promise.reject(failure), () => {
        throw failure;
      }]
    ) {
      isDone = false;
      await failureOf({
        load,
        reject,
        extract: () => [1],
        finalize: () => expect(isDone).toBe(true),
      });
      expect(isDone).toBe(true);
    }
  });

  it("is awaited no longer than abortTimeout", async () => {
    const members = { load: () => Promise.reject(failure), reject: () => new Promise(() => {}) };
    const run = start(members, { abortTimeout: 100 });
    expect((await after(99, run.finished)).state).toBe("pending");
    expect((await after(1, run.finished)).state).toBe("rejected");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that fails adds its error, and hides no other", async () => {
    const lost = new Error("connection lost");
    for (
      const reject of [
        () => Promise.reject(lost),
        () => wait(5).then(() => Promise.reject(lost)),
        () => {
          throw lost;
        },
      ]
    ) {
      const error = await failureOf({ load: () => Promise.reject(failure), reject });
      expect(error).toMatchObject({ stage: "load", cause: failure, errors: [failure, lost] });
    }
  });

  it("is not called for dead letters, nor for items that an abort has stopped", async () => {
    const reject = vi.fn();
    const load = () => Promise.reject(failure);
    await reportOf({ load, reject }, { deadLetters: new KeptLetters().stream });
    const run = start({ load: (_, { signal }) => untilAborted(signal), reject });
    await vi.advanceTimersByTimeAsync(1);
    await after(10, run.abort());
    expect(reject).not.toHaveBeenCalled();
  });
});
