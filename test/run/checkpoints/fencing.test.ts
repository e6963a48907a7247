import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  CancelledError,
  type Etl,
  etl,
  FencedError,
  MemoryCheckpointStore,
  PipelineError,
  type RunReport,
} from "../../../src/index.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { outcomeOf, pass, settle } from "../../support/outcomes/outcome.ts";
import { untilAborted, wait } from "../../support/run/time.ts";

const failure = new Error("broken");
const lease = 900;

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // Whatever happened to the runs.
  vi.useRealTimers();
});

/** The numbers below 20; each load takes 100 ms. All that is loaded goes to `loaded`. */
function slow(
  loaded: unknown[],
  load: (items: number[]) => unknown = () => wait(100),
): Etl<number> {
  return etl<number>({
    name: "numbers",
    extract: () => Array.from({ length: 20 }, (_, n) => n),
    load: async (items) => {
      await load(items);
      loaded.push(...items);
    },
  });
}

describe("a second run of the same pipeline", () => {
  it("rejects with a FencedError, and the first run completes", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const loaded: unknown[] = [];
    const pipeline = slow(loaded, () => wait(200));
    const first = outcomeOf(pipeline.run({ checkpoints, lease }));
    await pass(150);
    const run = pipeline.start({ checkpoints, lease });
    const second = outcomeOf(run.finished);
    await pass(2 * lease + 300);
    expect(second.state).toBe("rejected");
    const { cause } = second.value as { cause: FencedError };
    expect(second.value).toBeInstanceOf(PipelineError);
    expect(second.value).toMatchObject({ stage: "checkpoints", isFenced: true });
    expect(second.value).toMatchObject({ report: { extracted: 0, key: "numbers" } });
    expect(cause).toBeInstanceOf(FencedError);
    expect(cause).toMatchObject({ code: "FENCED", key: "numbers" });
    expect(first.state).toBe("pending");
    await pass(2000);
    expect(first).toMatchObject({ state: "fulfilled", value: { loaded: 20 } });
    expect(cause.owner).toBe((first.value as RunReport).runId);
    expect(loaded).toHaveLength(20);
    expect(checkpoints.read("numbers")).toEqual((first.value as RunReport).checkpoint);
  });

  it("runs beside the first for another partition", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const loaded: unknown[] = [];
    const runs = ["a", "b"].map((partition) =>
      outcomeOf(slow(loaded).run({ checkpoints, lease, partition }))
    );
    await pass(3000);
    expect(runs.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled"]);
    expect(loaded).toHaveLength(40);
  });

  it("begins when the first has ended while it waited", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const loaded: unknown[] = [];
    const options = { checkpoints, lease, batchSize: 10 };
    const runs = [1, 2].map(() => outcomeOf(slow(loaded).run(options)));
    await pass(lease + 100);
    expect(runs).toMatchObject([
      { state: "fulfilled", value: { loaded: 20 } },
      { state: "fulfilled", value: { extracted: 0, checkpoint: { offset: 20 } } },
    ]);
    expect(loaded).toHaveLength(20);
  });

  it("stops waiting for the first when it is aborted", async () => {
    const checkpoints = new MemoryCheckpointStore();
    checkpoints.claim("numbers", { runId: "other", until: 50_000 + lease }, 50_000);
    const signal = new CountedSignal();
    const calls: string[] = [];
    const run = outcomeOf(
      etl<number>({ name: "numbers", extract: () => (calls.push("extract"), []), load: () => {} })
        .run({ checkpoints, lease, signal: signal.signal, drainTimeout: 0 }),
    );
    await pass(100);
    signal.abort(failure);
    await settle();
    expect(run.value).toBeInstanceOf(CancelledError);
    expect(run.value).toMatchObject({ cause: failure });
    expect(calls).toEqual([]);
    expect(signal.listeners).toBe(0);
  });
});

/** Lets another run take a key over, whatever its owner says. */
function takeOver(store: HeldStore, runId = "other"): void {
  store.inner.claim("numbers", { runId, until: Infinity }, Infinity);
}

describe("the key of a run that died", () => {
  it("is taken over after its lease, and what it had written counts", async () => {
    const checkpoints = new MemoryCheckpointStore();
    checkpoints.claim("numbers", { runId: "dead", until: 50_000 + lease, lease }, 0);
    checkpoints.write("numbers", { offset: 15, done: [[17, 18]], updatedAt: 1, runId: "dead" });
    const loaded: unknown[] = [];
    const run = outcomeOf(slow(loaded).run({ checkpoints, lease, batchSize: 9 }));
    await pass(lease - 1, 1);
    expect([run.state, loaded]).toEqual(["pending", []]);
    await settle(1);
    await pass(100);
    expect(run).toMatchObject({ state: "fulfilled", value: { extracted: 4 } });
    expect(loaded).toEqual([15, 16, 18, 19]);
  });

  it.each([
    ["long ago", 1],
    ["just now", 50_000 + lease],
    ["a year from now, as its clock had it", 50_000 + 365 * 86_400_000],
  ])("is free after one lease if it was claimed %s", async (_, until) => {
    const checkpoints = new MemoryCheckpointStore();
    checkpoints.claim("numbers", { runId: "dead", until, lease }, 0);
    const loaded: unknown[] = [];
    const run = outcomeOf(slow(loaded, () => {}).run({ checkpoints, batchSize: 20 }));
    await pass(lease - 1, 1);
    expect([run.state, loaded]).toEqual(["pending", []]);
    await settle(1);
    expect(run.state).toBe("fulfilled");
    expect(loaded).toHaveLength(20);
  });

  it("rejects a second run at once if its claim never lapses", async () => {
    const checkpoints = new MemoryCheckpointStore();
    checkpoints.claim("numbers", { runId: "dead", until: Infinity }, 0);
    const run = outcomeOf(slow([]).run({ checkpoints }));
    await settle();
    expect(run.value).toMatchObject({ stage: "checkpoints", report: { extracted: 0 } });
    expect((run.value as PipelineError).cause).toEqual(new FencedError("numbers", "dead"));
  });
});

describe("a run that was taken over by another", () => {
  it("is stopped at its next write, and loads nothing after", async () => {
    const store = new HeldStore();
    const loaded: unknown[] = [];
    const begun: unknown[] = [];
    const load = (items: number[]) => (begun.push(...items), wait(100));
    const run = outcomeOf(slow(loaded, load).run({ checkpoints: store, lease: 60_000 }));
    await pass(250);
    expect(loaded).toEqual([0, 1]);
    takeOver(store);
    store.inner.write("numbers", { offset: 9, done: [], updatedAt: 2, runId: "other" });
    await pass(50); // The third is loaded; nothing could keep it from that.
    expect(loaded).toEqual([0, 1, 2]);
    const count = begun.length;
    await pass(1000);
    expect(begun).toHaveLength(count);
    expect(run.value).toMatchObject({
      stage: "checkpoints",
      cause: new FencedError("numbers", "other"),
    });
    expect((run.value as PipelineError).report).toMatchObject({ outcome: "failed" });
    expect(store.inner.read("numbers")).toMatchObject({ offset: 9, runId: "other" });
    expect(store.inner.claim("numbers", { runId: "x", until: 0 }, 0).runId).toBe("other");
  });

  it("is stopped at its next renewal while a load runs", async () => {
    const store = new HeldStore();
    const signals: AbortSignal[] = [];
    const run = outcomeOf(
      etl<number>({
        name: "numbers",
        extract: () => [1, 2, 3],
        load: (_, { signal }) => (signals.push(signal), untilAborted(signal)),
      }).run({ checkpoints: store, lease, workers: 2 }),
    );
    await settle();
    takeOver(store);
    await settle(lease / 3 - 1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    await settle(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(run.value).toMatchObject({ stage: "checkpoints", report: { loaded: 0, pending: 3 } });
    expect((run.value as PipelineError).errors).toHaveLength(1); // The loads only passed it on.
  });

  it.each([1, 4])("is stopped by a FencedError of a sink, with %i workers", async (workers) => {
    const store = new HeldStore();
    const loaded: unknown[] = [];
    let begun = 0;
    const load = async () => {
      if (++begun > 5) takeOver(store);
      await null;
      const { runId: owner } = store.inner.claim("numbers", { runId: "x", until: 0 }, 0);
      if (owner === "other") throw new FencedError("numbers", owner);
    };
    const letters: unknown[] = [];
    const deadLetters = () => new WritableStream({ write: (letter) => void letters.push(letter) });
    const options = { checkpoints: store, workers, deadLetters, retry: { maxAttempts: 5 } };
    const run = outcomeOf(slow(loaded, load).run(options));
    await pass(500);
    expect(run.value).toMatchObject({ stage: "checkpoints", attempts: 1 });
    expect((run.value as PipelineError).cause).toBeInstanceOf(FencedError);
    expect(letters).toEqual([]); // No item is to blame.
    expect(begun).toBeLessThan(6 + workers);
    expect(loaded.length).toBeLessThan(6);
  });
});
