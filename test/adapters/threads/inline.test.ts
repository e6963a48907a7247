import { describe, expect, it } from "vitest";
import { inThreads } from "../../../src/adapters/threads/in-threads.ts";
import { BatchError } from "../../../src/errors.ts";
import { orders } from "../../support/threads/modules.ts";
import { runOrders } from "../../support/threads/run-orders.ts";
import work from "../../support/threads/work.ts";

describe("a function that runs inline", () => {
  const threads = inThreads(work);

  it("gives what a thread would", async () => {
    const items = orders(40, { 1: "skip", 2: "twice", 3: "none", 4: "later", 5: "nothing" });
    const { rows, report } = await runOrders(threads, items);
    expect(rows.slice(0, 5)).toEqual([{ id: 0 }, { id: 2 }, { id: -2 }, { id: 4 }, undefined]);
    expect(report).toMatchObject({ loaded: 38, skipped: 2, rows: 39 });
    expect(threads.size).toBe(0);
  });

  it("fails items that throw alone, with the errors that they threw", async () => {
    const items = orders(20, { 0: "throw", 9: "later", 19: "throw a value" });
    const { rows, failed, letters } = await runOrders(threads, items);
    expect(rows).toHaveLength(18);
    expect(failed).toEqual([[0, "no 0"], [19, "no 19"]]);
    expect(letters[0]!.error).toBeInstanceOf(RangeError);
  });

  it("rejects with a BatchError, or with the error of the one item there was", async () => {
    const { signal } = new AbortController();
    await expect(threads(orders(2, { 1: "throw" }), { signal })).rejects.toBeInstanceOf(BatchError);
    await expect(threads(orders(1, { 0: "throw" }), { signal })).rejects.toThrow(/^no 0$/);
  });

  it("has at most 16 promises under way", async () => {
    let [running, most] = [0, 0];
    const { thread } = await import("../../../src/adapters/threads/thread.ts");
    const slow = inThreads(thread(async (n: number) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return n;
    }));
    const items = Array.from({ length: 100 }, (_, n) => n);
    expect(await slow([...items], { signal: new AbortController().signal })).toEqual(items);
    expect(most).toBe(16);
  });

  it("begins nothing for a signal that has aborted, and closes without effect", async () => {
    await expect(threads(orders(1), { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    await threads.close();
    const { signal } = new AbortController();
    expect(await threads(orders(1), { signal })).toEqual(orders(1));
  });
});
