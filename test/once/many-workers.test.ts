import { env } from "node:process";
import { describe, expect, it, vi } from "vitest";
import {
  coordinate,
  type Job,
  type JobStore,
  type Lease,
  MemoryJobStore,
  work,
} from "../../src/adapters/jobs.ts";
import { useOwnTime } from "../support/run/time.ts";

const second = 1000;
const minute = 60 * second;
const lease = 30 * second;
const workers = Number(env["JOB_WORKERS"] ?? 60); // A thousand take half a minute.
const partitions = 2.5 * workers;

/** Counts what a store is asked. */
function counted(
  store: JobStore,
): { readonly store: JobStore; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const call =
    <A extends unknown[], R>(name: string, method: (...given: A) => R) => (...given: A) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return method(...given);
    };
  const take = call("take", (worker: string) => store.take(worker));
  const leaseOf = (lease: Lease): Lease => ({
    ...lease,
    extend: call("extend", lease.extend),
    settle: call("settle", lease.settle),
    giveBack: call("giveBack", lease.giveBack),
  });
  const bound = {
    lease: store.lease,
    add: store.add.bind(store),
    seal: store.seal.bind(store),
    cancel: store.cancel.bind(store),
    results: store.results.bind(store),
    watch: store.watch.bind(store),
    read: call("read", () => store.read()),
    take: async (worker: string) => {
      const lease = await take(worker);
      return lease && leaseOf(lease);
    },
  };
  return { store: bound, calls };
}

describe("many workers", () => {
  useOwnTime();

  it("ask the store what docs/jobs.md says, for each partition and second", async () => {
    const { store, calls } = counted(new MemoryJobStore({ lease }));
    const job: Job<number, number, number> = {
      name: "minutes",
      split: () => Array.from({ length: partitions }, (_, n) => n),
      id: (n) => `part ${n}`,
      // A minute of work, or a little more.
      pipeline: (n) => ({
        extract: () => [n],
        load: () => new Promise((go) => setTimeout(go, minute + n % 7 * second)),
      }),
    };
    let isOver = false;
    const begun = Date.now();
    const ended = Promise.all([
      coordinate(job, { store }),
      ...Array.from({ length: workers }, () => work(job, { store, until: "done" })),
    ]).finally(() => void (isOver = true));
    while (!isOver) await vi.advanceTimersToNextTimerAsync();
    const [report] = await ended;
    const seconds = (Date.now() - begun) / second;
    expect(report).toMatchObject({ loaded: partitions, partitions: { completed: partitions } });
    const per = (name: string, of: number) => (calls.get(name) ?? 0) / of;
    expect(per("settle", partitions)).toBe(1);
    expect(per("extend", partitions)).toBeLessThanOrEqual(6); // One each lease / 3.
    const inVain = calls.get("take")! - partitions;
    expect(inVain / partitions).toBeLessThan(5); // By those who wait for the last ones.
    expect(calls.get("read")! - inVain).toBeLessThan(2 * partitions); // The coordinator's.
    const all = [...calls.values()].reduce((a, b) => a + b, 0);
    expect(all / seconds / workers).toBeLessThan(0.3);
  });
});
