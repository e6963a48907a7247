import { noCounts } from "../../jobs/counts.ts";
import { expectSame } from "./expectations.ts";
import {
  add,
  counts,
  type DefineJobTest,
  pause,
  read,
  resultsOf,
  take,
  takeLater,
} from "./tested-job.ts";

/** Tests partitions whose workers are killed or frozen. */
export function testLostLeases(define: DefineJobTest): void {
  define(
    "lends a partition of which nothing is heard, and the first has lost it",
    async (store) => {
      await add(store, "a");
      const first = await take(store);
      const second = await takeLater(store);
      expectSame("begun, failures", [second.begun, second.failures], [2, 0]);
      expectSame("extend", await first.extend(counts), "lost");
      expectSame("settle", await first.settle({ state: "completed", ...counts }), false);
      await first.giveBack({ delay: 0, error: "late" });
      expectSame("results", await resultsOf(store), []);
      const third = await takeLater(store);
      expectSame("third", [third.begun, third.failures], [3, 0]);
      expectSame("settle last", await third.settle({ state: "completed", ...counts }), true);
    },
    50,
  );

  define("counts anew how often a partition was begun once it has moved", async (store) => {
    await add(store, "a");
    const lend = async (begun: number, loaded: number) => {
      const lease = await takeLater(store);
      expectSame("begun", lease.begun, begun);
      expectSame("extend", await lease.extend({ ...noCounts, loaded }), "held");
    };
    await lend(1, 0);
    await lend(2, 5);
    await lend(2, 5); // No more is done than before.
    await lend(3, 2); // It began anew.
    await lend(4, 5);
    await lend(5, 6);
    expectSame("begun", (await takeLater(store)).begun, 2);
  }, 50);

  define("lends first what was begun less often", async (store) => {
    await add(store, "a", "b");
    const first = await take(store);
    while ((await read(store))[1][4] > 0) await pause(); // It is not held any more.
    const second = await takeLater(store);
    expectSame("begun", second.begun, 1);
    expectSame("is the same", second.partition.id === first.partition.id, false);
  }, 50);

  define("settles what nobody has taken yet, although its time is over", async (store) => {
    await add(store, "a");
    const lease = await take(store);
    while ((await read(store))[1][4] > 0) await pause(); // It is not held any more.
    expectSame("settle", await lease.settle({ state: "completed", ...counts }), true);
    expectSame("take", await store.take("b"), undefined);
  }, 50);
}
