import { describe, expect, it } from "vitest";
import { coordinate, type JobStore, type Lease, work } from "../../../src/adapters/jobs.ts";
import { MemoryCheckpointStore } from "../../../src/checkpoints/memory-checkpoint-store.ts";
import { numbers, numbersJob } from "../../support/jobs/numbers-job.ts";
import { inTime, useOwnTime } from "../../support/run/time.ts";

/** A store that cannot be reached from a call on, for so many milliseconds. */
function outageOf(store: JobStore, at: number, duration: number) {
  let calls = 0;
  let end = Infinity;
  const call = <R>(effect: () => Promise<R>): Promise<R> => {
    if (++calls === at) end = Date.now() + duration;
    if (calls < at || Date.now() >= end) return effect();
    return Promise.reject(Object.assign(new Error("It starts"), { code: "57P03" }));
  };
  const leaseOf = (lease: Lease): Lease => ({
    ...lease,
    extend: (counts) => call(() => lease.extend(counts)),
    settle: (settlement) => call(() => lease.settle(settlement)),
    giveBack: (options) => call(() => lease.giveBack(options)),
  });
  const away: JobStore = {
    lease: store.lease,
    add: (partitions) => call(() => store.add(partitions)),
    seal: () => call(() => store.seal()),
    read: () => call(() => store.read()),
    cancel: (reason) => call(() => store.cancel(reason)),
    take: async (worker) => {
      const lease = await call(() => store.take(worker));
      return lease && leaseOf(lease);
    },
    watch: (interest) => {
      const watch = store.watch(interest);
      return { ...watch, changed: (signal) => call(() => watch.changed(signal)) };
    },
    results: () => store.results(),
  };
  return { away, wasMet: () => calls >= at };
}

describe("a store that cannot be reached for a time", () => {
  useOwnTime();

  it("ends neither worker nor coordinator, at whichever call it is", async () => {
    let at = 0;
    for (let isMet = true; isMet;) {
      const { job, store, loaded } = numbersJob();
      const { away, wasMet } = outageOf(store, ++at, 1500);
      const running = [coordinate(job, { store: away }), work(job, { store: away, until: "done" })];
      const [report, summary] = await inTime(Promise.all(running as never[]));
      expect(report).toMatchObject({ outcome: "completed", loaded: 30 });
      expect(summary).toMatchObject({ completed: 3 });
      expect(loaded.toSorted((a, b) => a - b)).toEqual(numbers);
      isMet = wasMet();
    }
    expect(at).toBeGreaterThan(10);
  });

  it("loses no count of a partition that is given back meanwhile", async () => {
    const { job, store } = numbersJob();
    const run = { checkpoints: new MemoryCheckpointStore(), batchSize: 5, budget: { batches: 1 } };
    const { away } = outageOf(store, 2, 1500); // Its first call is that of `take`.
    const coordinating = coordinate(job, { store });
    const working = work(job, { store: away, until: "done", run });
    const [report, summary] = await inTime(Promise.all([coordinating, working]));
    expect(report).toMatchObject({ outcome: "completed", loaded: 30, earlier: 0 });
    expect(summary).toMatchObject({ completed: 3, lost: 0 });
  });

  it("ends them after the time of a lease", async () => {
    const { job, store } = numbersJob();
    const { away } = outageOf(store, 1, Infinity);
    const begun = Date.now();
    await expect(inTime(work(job, { store: away }))).rejects.toThrow("It starts");
    expect(Date.now() - begun).toBeLessThan(store.lease + 500);
    await expect(inTime(coordinate(job, { store: away }))).rejects.toThrow("It starts");
    expect(Date.now() - begun).toBeGreaterThan(2 * store.lease - 1);
  });

  it("keeps no worker from ending by its signal", async () => {
    const { job, store } = numbersJob();
    const { away } = outageOf(store, 1, Infinity);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 700);
    const begun = Date.now();
    const summary = await inTime(work(job, { store: away, lanes: 2, signal: stop.signal }));
    expect(summary).toMatchObject({ completed: 0, lost: 0 });
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  it("is what the worker's own 'isTransient' says as well", async () => {
    const { job, store } = numbersJob();
    await store.seal();
    const take = store.take.bind(store);
    let calls = 0;
    store.take = (worker) => calls++ === 0 ? Promise.reject(new Error("busy")) : take(worker);
    const isTransient = (error: unknown) => (error as Error).message === "busy";
    await inTime(work(job, { store, until: "done", isTransient }));
    expect(calls).toBe(2);
  });
});
