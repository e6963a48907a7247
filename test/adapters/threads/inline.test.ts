import { describe, expect, it } from "vitest";
import { inThreads } from "../../../src/adapters/threads/in-threads.ts";
import { thread } from "../../../src/adapters/threads/thread.ts";
import { BatchError } from "../../../src/errors.ts";
import { etl } from "../../../src/index.ts";
import { nextMacrotask } from "../../../src/runtime/macrotask.ts";
import { orders } from "../../support/threads/modules.ts";
import { runOrders } from "../../support/threads/run-orders.ts";
import work from "../../support/threads/work.ts";

const isBatchError = (error: unknown) => error instanceof BatchError;

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

  it.each([
    ["an item that is alone in its batch again", 1, undefined, [1, 3, 1]],
    ["no item of a batch again by itself", 3, undefined, [1, 1, 1]],
    ["a batch again if its BatchError is retriable", 3, isBatchError, [3, 3, 3]],
  ])("tries %s", async (_, batchSize, isRetriable, expected) => {
    const calls = [0, 0, 0];
    const failing = inThreads(thread((n: number) => {
      calls[n]!++;
      if (n === 1) throw new Error("not yet");
    }));
    const retry = { transform: { maxAttempts: 3, baseDelay: 0, isRetriable } };
    const deadLetters = new WritableStream();
    const numbers = { name: "numbers", extract: () => [0, 1, 2], load: () => {} };
    await etl({ ...numbers, transformBatch: failing }).run({ batchSize, retry, deadLetters });
    expect(calls).toEqual(expected);
  });

  it("has at most 16 promises under way", async () => {
    let [running, most] = [0, 0];
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

  it("begins no call after an abort, and rejects once none is running", async () => {
    let [begun, running] = [0, 0];
    const control = new AbortController();
    const reason = new Error("stop");
    const slow = inThreads(thread(async (n: number) => {
      begun++;
      running++;
      if (begun === 40) control.abort(reason);
      await nextMacrotask();
      running--;
      return n;
    }));
    const call = slow(Array.from({ length: 2000 }, (_, n) => n), control);
    await expect(call).rejects.toBe(reason);
    expect([begun, running]).toEqual([40, 0]);
    for (let turn = 0; turn < 20; turn++) await nextMacrotask();
    expect(begun).toBe(40);
  });

  it("begins no call after an abort of a function that gives no promise", async () => {
    let begun = 0;
    const control = new AbortController();
    const quick = inThreads(thread((n: number) => {
      if (++begun === 3) control.abort("stop");
      return n;
    }));
    await expect(quick([1, 2, 3, 4, 5], control)).rejects.toBe("stop");
    expect(begun).toBe(3);
  });

  it("begins no call once the run is over", async () => {
    let [begun, running] = [0, 0];
    const slow = inThreads(thread(async (n: number) => {
      running++;
      if (++begun === 40) void run.abort().catch(() => {});
      await nextMacrotask();
      running--;
      return n;
    }));
    const extract = () => Array.from({ length: 2000 }, (_, n) => n);
    const pipeline = etl({ name: "aborted", extract, transformBatch: slow, load: () => {} });
    const run = pipeline.start({ batchSize: 2000 });
    await expect(run.finished).rejects.toThrow();
    expect([begun, running]).toEqual([40, 0]);
  });

  it("begins nothing for a signal that has aborted, and closes without effect", async () => {
    await expect(threads(orders(1), { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    await threads.close();
    const { signal } = new AbortController();
    expect(await threads(orders(1), { signal })).toEqual(orders(1));
  });
});
