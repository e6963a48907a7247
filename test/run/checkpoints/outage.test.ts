import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etl, FencedError, type PipelineError, type RunOptions } from "../../../src/index.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { type Outcome, outcomeOf, pass } from "../../support/outcomes/outcome.ts";
import { wait } from "../../support/run/time.ts";

const away = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const methods = ["claim", "read", "write", "release"] as const;
const lease = 900;
const patient = { maxAttempts: 60, baseDelay: 50, factor: 1, jitter: "none" } as const;

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // Whatever happened to the runs.
  vi.useRealTimers();
});

/** Lets a store fail, whatever it is asked for, from a time on and for a while. */
function failFor(store: HeldStore, from: number, duration: number): void {
  const begin = Date.now() + from;
  for (const method of methods) {
    store.first[method] = () => {
      if (Date.now() >= begin && Date.now() < begin + duration) throw away;
    };
  }
}

/** Begins a run of ten items, each of which is loaded for 100 ms. */
function begin(store: HeldStore, options: RunOptions<number>): { run: Outcome; loaded: number[] } {
  const loaded: number[] = [];
  const pipeline = etl<number>({
    name: "numbers",
    extract: () => Array.from({ length: 10 }, (_, n) => n),
    load: async (items) => (await wait(100), void loaded.push(...items)),
  });
  return { run: outcomeOf(pipeline.run({ checkpoints: store, lease, ...options })), loaded };
}

describe("a checkpoint store that is down for a second", () => {
  it.each([0, 50, 250, 450, 650, 850, 950, 1000, 1050])(
    "fails no run with retries: down from %i ms on",
    async (from) => {
      const store = new HeldStore();
      failFor(store, from, 1000);
      const { run, loaded } = begin(store, { retry: { load: patient } });
      await pass(4000);
      expect(run).toMatchObject({ state: "fulfilled", value: { loaded: 10 } });
      expect(loaded).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(store.inner.read("numbers")).toMatchObject({ offset: 10, done: [] });
      // The key was given back, unless nobody could be asked to take it within a lease.
      expect(store.inner.claim("numbers", { runId: "next", until: 1 }, 0).runId).toBe("next");
    },
  );

  it("fails no run that has not read its checkpoint yet", async () => {
    const store = new HeldStore();
    store.inner.write("numbers", { offset: 4, done: [], updatedAt: 1, runId: "earlier" });
    let isRead = false;
    store.first.claim = () => { // Claimed at first, then away until the claim has lapsed.
      if (Date.now() > 50_000 && Date.now() < 52_000) throw away;
    };
    store.first.read = () => {
      if (!isRead && Date.now() < 52_400) throw away;
      isRead = true;
    };
    const { run, loaded } = begin(store, { retry: { load: patient } });
    await pass(6000);
    expect(run).toMatchObject({ state: "fulfilled", value: { loaded: 6, earlier: 4 } });
    expect(loaded).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it.each(methods)("is retried for a failing %s alone", async (method) => {
    const store = new HeldStore();
    let failures = 0;
    store.first[method] = () => {
      if (failures++ < 5) throw away;
    };
    const { run } = begin(store, { retry: patient });
    await pass(4000);
    expect(run).toMatchObject({ state: "fulfilled", value: { loaded: 10 } });
    expect(failures).toBeGreaterThan(5);
  });

  it("is retried as 'isRetriable' says", async () => {
    const asked: unknown[] = [];
    const isRetriable = (error: unknown, attempt: number) => {
      asked.push([error, attempt]);
      return attempt < 3;
    };
    const store = new HeldStore();
    store.first.read = () => {
      throw away;
    };
    const { run } = begin(store, { retry: { load: { ...patient, isRetriable } } });
    await pass(500);
    expect(run.value).toMatchObject({ stage: "checkpoints", cause: away });
    expect(asked).toEqual([[away, 1], [away, 2], [away, 3]]);
    expect(store.count("read")).toBe(3);
  });

  it("receives the newest checkpoint when it is back", async () => {
    const store = new HeldStore();
    failFor(store, 350, 480);
    const { run } = begin(store, { retry: patient });
    await pass(1400);
    expect(run.state).toBe("fulfilled");
    expect(store.written.map(({ offset }) => offset)).toEqual([1, 2, 3, 8, 9, 10]);
  });
});

describe("a checkpoint store that stays down", () => {
  it.each([250, 950])("fails the run after the last attempt: down from %i ms on", async (from) => {
    const store = new HeldStore();
    failFor(store, from, Infinity);
    const { run } = begin(store, { retry: { ...patient, maxAttempts: 5 } });
    await pass(2000);
    expect(run.value).toMatchObject({ stage: "checkpoints", cause: away });
  });

  it("fails the run at its first error without 'retry'", async () => {
    const store = new HeldStore();
    failFor(store, 250, Infinity);
    const { run, loaded } = begin(store, {});
    await pass(500);
    expect(run.value).toMatchObject({ stage: "checkpoints", cause: away });
    expect(loaded).toEqual([0, 1, 2, 3]); // The last one was under way.
  });

  it("allows a run to be aborted at once", async () => {
    const store = new HeldStore();
    failFor(store, 250, Infinity);
    const abort = new AbortController();
    const retry = { maxAttempts: Infinity, baseDelay: 60_000, jitter: "none" } as const;
    const { run } = begin(store, { retry, signal: abort.signal, drainTimeout: 0 });
    await pass(400);
    abort.abort();
    await pass(100); // For the load.
    expect(run.state).toBe("rejected");
  });

  it("fails no run that only has its key to release, and delays it by a lease", async () => {
    const store = new HeldStore();
    store.first.release = () => {
      throw away;
    };
    const { run } = begin(store, { retry: { ...patient, maxAttempts: Infinity } });
    await pass(1000 + lease - 50);
    expect(run.state).toBe("pending");
    await pass(100);
    expect(run.value).toMatchObject({ outcome: "completed" }); // Nobody is kept waiting any more.
  });
});

describe("the answer of a checkpoint store", () => {
  it("is not retried if the run is fenced", async () => {
    const store = new HeldStore();
    const { run } = begin(store, { retry: patient });
    await pass(150);
    store.inner.claim("numbers", { runId: "other", until: 1e15 }, Infinity);
    await pass(200);
    expect((run.value as PipelineError).cause).toEqual(new FencedError("numbers", "other"));
    expect(store.calls.filter((call) => call === "write").length).toBe(2);
  });

  it("may be late: one attempt takes no longer than 'attemptTimeout'", async () => {
    const store = new HeldStore();
    let reads = 0;
    store.first.read = () => ++reads < 3 ? new Promise(() => {}) : undefined;
    const { run } = begin(store, { retry: { load: { ...patient, attemptTimeout: 200 } } });
    await pass(2000);
    expect(run).toMatchObject({ state: "fulfilled", value: { loaded: 10 } });
    expect(reads).toBe(3);
  });
});
