import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type CheckpointError,
  type Etl,
  etl,
  FencedError,
  type Pipeline,
  PipelineError,
  type RunReport,
} from "../../../src/index.ts";
import { Gates } from "../../support/streams/gates.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { unhandledRejections } from "../../support/run/rejections.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";

const failure = new Error("broken");
const ways = {
  throws: () => {
    throw failure;
  },
  rejects: () => Promise.reject(failure),
};
const everyWay = Object.keys(ways) as (keyof typeof ways)[];

let rejections: ReturnType<typeof unhandledRejections>;
beforeEach(() => {
  rejections = unhandledRejections();
  vi.useFakeTimers({ now: 50_000 });
});
afterEach(async () => {
  expect(vi.getTimerCount()).toBe(0); // Whatever happened to the run.
  vi.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve)); // By then a host has told of a rejection.
  rejections.stop();
  expect(rejections.reasons).toEqual([]);
});

/** A pipeline of a store, which keeps what was called, and what was loaded. */
function watched(members: Partial<Pipeline<number>> = {}): {
  calls: string[];
  loaded: number[][];
  pipeline: Etl<number>;
} {
  const calls: string[] = [];
  const loaded: number[][] = [];
  const pipeline = etl<number>({
    name: "numbers",
    preProcess: () => void calls.push("preProcess"),
    extract: () => (calls.push("extract"), [0, 1, 2]),
    load: (items) => (calls.push("load"), void loaded.push(items)),
    postProcess: () => void calls.push("postProcess"),
    finalize: (outcome) => void calls.push(`finalize ${outcome}`),
    ...members,
  });
  return { calls, loaded, pipeline };
}

/** Checks that a run has failed for its checkpoints, and gives its report. */
function failed(error: unknown, cause: unknown): RunReport {
  expect(error).toBeInstanceOf(PipelineError);
  expect(error).toMatchObject({ stage: "checkpoints", pipeline: "numbers" });
  expect((error as PipelineError).cause).toBe(cause);
  return (error as PipelineError).report!;
}

describe.each(everyWay)("a checkpoint store that %s", (way) => {
  it.each(["claim", "read"] as const)("prevents the run if it fails to %s", async (method) => {
    const store = new HeldStore();
    store.first[method] = ways[way];
    const signal = new CountedSignal();
    const { calls, pipeline } = watched();
    const run = outcomeOf(pipeline.run({ checkpoints: store, signal: signal.signal }));
    await settle();
    const report = failed(run.value, failure);
    expect(report).toMatchObject({ outcome: "failed", extracted: 0 });
    expect("checkpoint" in report).toBe(false);
    expect(calls).toEqual([]); // Nor is there anything to finalize.
    expect(store.inner.claim("numbers", { runId: "next", until: 60_000 }, 50_000).runId)
      .toBe("next"); // It has left no claim.
    expect(signal.listeners).toBe(0);
  });

  it("stops the run if it fails to write", async () => {
    const store = new HeldStore();
    const gates = new Map<number, () => void>();
    const signals: AbortSignal[] = [];
    const { calls, pipeline } = watched({
      extract: () => Array.from({ length: 20 }, (_, n) => n),
      load: ([n], { signal }) => {
        signals.push(signal);
        return new Promise((resolve, reject) => {
          gates.set(n!, () => resolve(undefined));
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
    });
    const run = outcomeOf(pipeline.run({ checkpoints: store, workers: 3 }));
    await settle();
    expect([...gates.keys()]).toEqual([0, 1, 2]);
    store.first.write = ways[way];
    gates.get(1)!();
    await settle();
    const report = failed(run.value, failure);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(gates.size).toBeLessThanOrEqual(4); // Only the load that had its place has begun.
    expect(report).toMatchObject({ outcome: "failed", loaded: 1 });
    expect(report.checkpoint).toMatchObject({ offset: 0, done: [[1, 2]] }); // As it is loaded.
    expect(calls.at(-1)).toBe("finalize failed");
    expect(store.count("write")).toBe(1); // It is not asked again.
    expect(store.calls.at(-1)).toBe("release");
  });

  it("fails the run if it fails to write at the end", async () => {
    const store = new HeldStore();
    store.first.write = ways[way];
    const { calls, loaded, pipeline } = watched();
    const run = outcomeOf(pipeline.run({ checkpoints: store, batchSize: 3 }));
    await settle();
    expect(failed(run.value, failure)).toMatchObject({ loaded: 3, pending: 0 });
    expect(loaded).toEqual([[0, 1, 2]]);
    expect(calls).not.toContain("postProcess");
    expect(calls.at(-1)).toBe("finalize failed");
  });

  it("fails the run if it fails to release", async () => {
    const store = new HeldStore();
    store.first.release = ways[way];
    const { calls, pipeline } = watched();
    const run = outcomeOf(pipeline.run({ checkpoints: store, batchSize: 3 }));
    await settle();
    const report = failed(run.value, failure);
    expect(report).toMatchObject({ outcome: "failed", loaded: 3, checkpoint: { offset: 3 } });
    expect(calls).toEqual(["preProcess", "extract", "load", "postProcess", "finalize completed"]);
    expect(store.inner.read("numbers")).toMatchObject({ offset: 3 });
  });

  it("does not fail the run if it fails to renew the claim", async () => {
    const store = new HeldStore();
    const gates = new Gates();
    const run = outcomeOf(gates.pipeline("numbers").run({ checkpoints: store, lease: 900 }));
    await settle();
    store.first.claim = ways[way];
    for (let renewals = 0; renewals < 9; renewals++) await settle(300); // Three leases without any.
    expect(gates.get("numbers").signal.aborted).toBe(false);
    gates.get("numbers").open();
    await settle();
    expect(run).toMatchObject({ state: "fulfilled", value: { loaded: 1 } });
    expect(store.inner.read("numbers")).toMatchObject({ offset: 1 });
  });
});

describe("a checkpoint store that returns invalid data", () => {
  it.each([
    [null, "'offset' is not a non-negative integer"],
    [17, "'offset' is not a non-negative integer"],
    ["text", "'offset' is not a non-negative integer"],
    [{}, "'offset' is not a non-negative integer"],
    [{ offset: -1, done: [], updatedAt: 1 }, "'offset' is not a non-negative integer"],
    [{ offset: 1.5, done: [], updatedAt: 1 }, "'offset' is not a non-negative integer"],
    [{ offset: "1", done: [], updatedAt: 1 }, "'offset' is not a non-negative integer"],
    [{ offset: 1, updatedAt: 1 }, "'done' is not an array"],
    [{ offset: 1, done: [] }, "'updatedAt' is not a number"],
    [
      { offset: 5, done: [[2, 3]], updatedAt: 1 },
      "'done' is not a list of ordered ranges above 'offset'",
    ],
    [
      { offset: 0, done: [[4, 3]], updatedAt: 1 },
      "'done' is not a list of ordered ranges above 'offset'",
    ],
    [
      { offset: 0, done: [7], updatedAt: 1 },
      "'done' is not a list of ordered ranges above 'offset'",
    ],
  ])("fails the run: %o", async (found, reason) => {
    const store = new HeldStore();
    store.read = () => found as never;
    const { calls, pipeline } = watched();
    const run = outcomeOf(pipeline.run({ checkpoints: store }));
    await settle();
    const { cause } = run.value as { cause: CheckpointError };
    expect(cause).toMatchObject({ name: "CheckpointError", code: "CHECKPOINT", key: "numbers" });
    expect(cause.message).toBe(`Cannot read checkpoint "numbers" as ${reason}`);
    failed(run.value, cause);
    expect(calls).toEqual([]);
    expect(store.calls).toEqual(["claim", "release"]);
    expect(store.written).toEqual([]); // What is there is for somebody to look at.
  });

  it.each([undefined, null, {}, { runId: "a" }, { until: 3 }, { runId: 1, until: NaN }])(
    "for a claim fails the run: %o",
    async (claim) => {
      const store = new HeldStore();
      store.claim = () => claim as never;
      const { calls, pipeline } = watched();
      const run = outcomeOf(pipeline.run({ checkpoints: store }));
      await settle();
      const { cause } = run.value as { cause: CheckpointError };
      expect(cause).toMatchObject({ name: "CheckpointError", key: "numbers" });
      failed(run.value, cause);
      expect(calls).toEqual([]);
    },
  );
});

describe("a checkpoint store that answers late", () => {
  it.each(["claim", "read"] as const)("blocks everything until its %s", async (method) => {
    const store = new HeldStore();
    store.inner.write("numbers", { offset: 1, done: [], updatedAt: 1 });
    const answer = store.hold(method);
    const { calls, loaded, pipeline } = watched();
    const run = outcomeOf(pipeline.run({ checkpoints: store }));
    await settle(700);
    expect(calls).toEqual([]);
    answer();
    await settle();
    expect(run.state).toBe("fulfilled");
    expect(loaded).toEqual([[1], [2]]);
  });

  it("blocks no load, and has one write in flight", async () => {
    const store = new HeldStore();
    const answer = store.hold("write");
    const { calls, loaded, pipeline } = watched();
    const run = outcomeOf(pipeline.run({ checkpoints: store }));
    await settle(500);
    expect(loaded).toHaveLength(3);
    expect(calls.at(-1)).toBe("load");
    expect(run.state).toBe("pending"); // It has not succeeded before that is written.
    expect(store.most.write).toBe(1);
    expect(store.inner.read("numbers")).toBe(undefined);
    answer();
    await settle();
    expect(run.state).toBe("fulfilled");
    expect(calls.at(-1)).toBe("finalize completed");
    expect(store.inner.read("numbers")).toEqual((run.value as RunReport).checkpoint);
    expect(store.written.at(-1)).toMatchObject({ offset: 3, done: [] });
  });

  it.each(["claim", "read", "write", "release"] as const)(
    "is awaited no longer than 'abortTimeout' if it never answers to %s",
    async (method) => {
      const store = new HeldStore();
      const answer = store.hold(method);
      const { pipeline } = watched();
      const run = pipeline.start({ checkpoints: store, abortTimeout: 400 });
      const outcome = outcomeOf(run.finished);
      await settle(100);
      run.abort();
      await settle(399);
      expect(outcome.state).toBe("pending");
      await settle(1);
      await settle(400); // Once for the call that ran, and once to give the key back.
      expect(outcome.state).toBe("rejected");
      answer();
      await settle();
    },
  );

  it("completes its last write when a run was fenced meanwhile", async () => {
    const store = new HeldStore();
    const { pipeline } = watched();
    const answer = store.hold("write");
    const run = outcomeOf(pipeline.run({ checkpoints: store, batchSize: 3 }));
    await settle();
    const fenced = new FencedError("numbers", "other");
    answer(fenced);
    await settle();
    failed(run.value, fenced);
  });
});
