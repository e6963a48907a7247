import type { Awaitable } from "../../checkpoints/checkpoint.ts";
import { addCounts, noCounts } from "../../jobs/counts.ts";
import type { JobStore } from "../../jobs/job-store.ts";
import type { DefineTest } from "./define-test.ts";
import { expectSame } from "./expectations.ts";
import { testLostLeases } from "./lost-leases.ts";
import { add, counts, type DefineJobTest, read, resultsOf, take } from "./tested-job.ts";

/** The store of jobs under test. */
export interface JobStoreSuite {
  /** Creates a store of a new job, whose leases last `lease` milliseconds. */
  create(lease: number): Awaitable<JobStore>;
  /** Removes the store that `create` made, after the test, whatever its outcome. */
  destroy?(store: JobStore): unknown;
}

/**
 * Defines the tests that every `JobStore` must pass, with the `it` of any framework.
 *
 * @example A store in memory
 * ```ts
 * import { MemoryJobStore } from "millrace/jobs";
 * import { testJobStore } from "millrace/testing";
 * import { ok } from "node:assert/strict";
 *
 * const tests: (() => void | Promise<void>)[] = [];
 * const it = (_name: string, test: () => void | Promise<void>) => tests.push(test); // Or vitest's.
 * testJobStore(it, { create: (lease) => new MemoryJobStore({ lease }) });
 * for (const test of tests) await test();
 * ok(tests.length > 10);
 * ```
 */
export function testJobStore(it: DefineTest, suite: JobStoreSuite): void {
  const define: DefineJobTest = (name, test, lease = 60_000) =>
    it(name, async () => {
      const store = await suite.create(lease);
      try {
        await test(store);
      } finally {
        await suite.destroy?.(store);
      }
    });
  testPartitions(define);
  testLeases(define);
  testLostLeases(define);
  testCancelling(define);
}

const descriptor = { from: 1, to: 9, "wh'ere": [null, true, "é\u{1F600}"] };

function testPartitions(define: DefineJobTest): void {
  define("knows nothing of a job that is not there yet", async (store) => {
    expectSame("read", await read(store), ["splitting", [0, 0, 0, 0, 0]]);
    expectSame("take", await store.take("a"), undefined);
    expectSame("results", await resultsOf(store), []);
  });

  define("splits, runs and ends", async (store) => {
    await add(store, "a", "b");
    expectSame("added", await read(store), ["splitting", [2, 0, 0, 0, 0]]);
    await store.seal();
    await store.seal(); // As the next coordinator does after a crash.
    expectSame("sealed", await read(store), ["running", [2, 0, 0, 0, 0]]);
    await (await take(store)).settle({ state: "completed", ...counts });
    await (await take(store)).settle({ state: "dead", error: "no", ...noCounts });
    expectSame("settled", await read(store), ["ended", [2, 1, 1, 0, 0]]);
    await add(store, "c");
    expectSame("added later", await read(store), ["running", [3, 1, 1, 0, 0]]);
  });

  define("keeps what is there where it is added again", async (store) => {
    await store.add([{ id: "a", descriptor }]);
    await store.add([{ id: "a", descriptor: "another" }, { id: "b", descriptor: null }]);
    const first = await take(store);
    await store.add([{ id: "a", descriptor: "another" }]);
    const taken = [first, await take(store)].map(({ partition }) => partition);
    taken.sort((a, b) => a.id < b.id ? -1 : 1);
    expectSame("taken", taken, [{ id: "a", descriptor }, { id: "b", descriptor: null }]);
    expectSame("take", await store.take("a"), undefined);
  });

  define("adds nothing where nothing is given", async (store) => {
    await store.add([]);
    await store.seal();
    expectSame("read", await read(store), ["ended", [0, 0, 0, 0, 0]]);
  });

  define("tells results in the order of their ids, with what is counted", async (store) => {
    await add(store, "b", "a", "c");
    for (let left = 3; left > 0; left--) {
      const lease = await take(store);
      if (lease.partition.id === "c") continue; // It stays open.
      const isDead = lease.partition.id === "b";
      const error = "it's \u{1F600}";
      await lease.settle({
        state: isDead ? "dead" : "completed",
        ...counts,
        ...isDead && { error },
      });
    }
    const settled = { begun: 1, failures: 0, ...counts };
    expectSame("results", await resultsOf(store), [
      { partition: "a", state: "completed", ...settled },
      { partition: "b", state: "dead", ...settled, error: "it's \u{1F600}" },
    ]);
    expectSame("sum", (await store.read()).counts, addCounts(counts, counts));
  });
}

function testLeases(define: DefineJobTest): void {
  define("tells the next what was told last", async (store) => {
    await add(store, "a");
    const lease = await take(store);
    expectSame("counts", lease.counts, noCounts);
    await lease.extend(counts);
    await lease.giveBack({ delay: 0 });
    expectSame("counts", (await take(store)).counts, counts);
  });

  define("gives each partition to one of many", async (store) => {
    await add(store, ...Array.from({ length: 10 }, (_, n) => `part ${n}`));
    const leases = await Promise.all(Array.from({ length: 25 }, () => store.take("a")));
    const ids = leases.flatMap((lease) => lease === undefined ? [] : [lease.partition.id]).sort();
    expectSame("ids", ids, Array.from({ length: 10 }, (_, n) => `part ${n}`));
    expectSame("held", await read(store), ["splitting", [10, 0, 0, 0, 10]]);
  });

  define("holds a lease that is extended, and tells how far it is", async (store) => {
    await add(store, "a");
    const lease = await take(store);
    expectSame("extend", await lease.extend(counts), "held");
    expectSame("counts", (await store.read()).counts, counts);
    expectSame("extend again", await lease.extend({ ...counts, loaded: 3 }), "held");
    expectSame("loaded", (await store.read()).counts.loaded, 3);
    expectSame("take", await store.take("b"), undefined);
  });

  define("settles once", async (store) => {
    await add(store, "a");
    const lease = await take(store);
    expectSame("settle", await lease.settle({ state: "completed", ...counts }), true);
    expectSame("settle again", await lease.settle({ state: "dead", ...noCounts }), false);
    expectSame("extend", await lease.extend(noCounts), "lost");
    await lease.giveBack({ delay: 0, error: "late" });
    expectSame("take", await store.take("b"), undefined);
    const [result] = await resultsOf(store);
    expectSame("result", result, {
      ...{ partition: "a", state: "completed", begun: 1, failures: 0, ...counts },
    });
  });

  define("lends what was given back, and does not count that it was begun", async (store) => {
    await add(store, "a");
    await (await take(store)).giveBack({ delay: 0 });
    expectSame("held", await read(store), ["splitting", [1, 0, 0, 0, 0]]);
    const lease = await take(store);
    expectSame("begun, failures", [lease.begun, lease.failures], [1, 0]);
  });

  define("counts a failure", async (store) => {
    await add(store, "a");
    await (await take(store)).giveBack({ delay: 0, error: "first" });
    const second = await take(store);
    expectSame("begun, failures", [second.begun, second.failures], [1, 1]);
    await second.giveBack({ delay: 0, error: "second" });
    const third = await take(store);
    expectSame("failures", third.failures, 2);
    await third.settle({ state: "completed", ...noCounts });
    expectSame("result", await resultsOf(store), [
      { partition: "a", state: "completed", begun: 1, failures: 2, ...noCounts },
    ]);
  });

  define("does not lend what was given back before its delay is over", async (store) => {
    await add(store, "a");
    await (await take(store)).giveBack({ delay: 3_600_000 });
    expectSame("take", await store.take("a"), undefined);
  });
}

function testCancelling(define: DefineJobTest): void {
  define("lends nothing any more once it is cancelled", async (store) => {
    await add(store, "a", "b");
    const lease = await take(store);
    await store.cancel("it's enough");
    await store.cancel("again");
    await store.seal();
    expectSame("take", await store.take("b"), undefined);
    const { state, reason } = await store.read();
    expectSame("state, reason", [state, reason], ["cancelled", "it's enough"]);
    expectSame("extend", await lease.extend(counts), "cancelled");
    expectSame("settle", await lease.settle({ state: "cancelled", ...counts }), true);
    expectSame("read", await read(store), ["cancelled", [2, 0, 0, 1, 0]]);
  });

  define("can be cancelled before anything is added", async (store) => {
    await store.cancel();
    await add(store, "a");
    expectSame("take", await store.take("b"), undefined);
    expectSame("read", await read(store), ["cancelled", [1, 0, 0, 0, 0]]);
  });

  define("wakes those who watch, after a change or by their signal", async (store) => {
    const watch = store.watch();
    await add(store, "a");
    await watch.changed(undefined);
    await watch.changed(AbortSignal.abort());
    watch.close();
  });
}
