import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ThreadError } from "../../../../src/adapters/threads/thread-error.ts";
import { BatchError, ConfigurationError, PipelineError } from "../../../../src/errors.ts";
import { isWorkerd } from "../../../../src/runtime/detect.ts";
import { orders, workers } from "../../../support/threads/modules.ts";
import { runOrders } from "../../../support/threads/run-orders.ts";
import type { Order } from "../../../support/threads/work.ts";

const ids = (rows: readonly unknown[]) =>
  rows.map((row) => (row as Order).id).sort((a, b) => a - b);

let threads: ReturnType<typeof workers>;
beforeAll(() => {
  if (!isWorkerd()) threads = workers({ size: 1, timeout: 60_000 });
});
afterAll(() => threads?.close());
afterEach(() => void vi.useRealTimers());

describe.skipIf(isWorkerd())("a thread that is lost", () => {
  it("costs the one item that has ended it, and no other", async () => {
    const items = orders(65, { 20: "exit" });
    const { rows, failed, letters } = await runOrders(threads, items, { batchSize: 65 });
    expect(ids(rows)).toEqual(ids(items).filter((id) => id !== 20));
    const code = "process" in globalThis ? 3 : 0;
    expect(failed).toEqual([[
      20,
      expect.stringMatching(
        `^A thread of .* ended with code ${code} at the item; ` +
          "throw an error where the function calls exit or close$",
      ),
    ]]);
    expect(letters[0]!.error).toBeInstanceOf(ThreadError);
    expect(letters[0]!.error).toMatchObject({ code: "THREAD", failure: "exit" });
  });

  it("is ended when an item takes too long", async () => {
    const { signal } = new AbortController();
    await threads(orders(1), { signal }); // There is one that has nothing to do.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const looping = threads(orders(1, { 0: "loop" }), { signal }).catch((reason) => reason);
    vi.advanceTimersByTime(60_000);
    const error: unknown = await looping;
    expect(error).toBeInstanceOf(ThreadError);
    expect(error).toMatchObject({
      failure: "timeout",
      message: expect.stringMatching(
        "^The item took longer than 60000 ms in a thread of .*, which was ended; " +
          "raise 'timeout' if it needs more$",
      ),
    });
  });

  it("tells the error of a callback that nobody waits for", async () => {
    const { rows, failed, letters } = await runOrders(threads, orders(20, { 0: "fail later" }));
    expect(rows).toHaveLength(19);
    expect(failed).toEqual([[
      0,
      expect.stringMatching(
        "^A thread of .* ended by an error outside of its function: .*too late; " +
          "catch it in the module: in a callback, or a promise that nobody waits for$",
      ),
    ]]);
    expect(letters[0]!.error).toMatchObject({ failure: "error" });
  });

  it("names the item by its place where the run has no dead letters", async () => {
    const running = runOrders(threads, orders(10, { 4: "exit" }), { deadLetters: undefined });
    const error: unknown = await running.catch((reason) => reason);
    expect(error).toBeInstanceOf(PipelineError);
    const { cause } = error as PipelineError;
    expect(cause).toBeInstanceOf(BatchError);
    expect([...(cause as BatchError).failures.keys()]).toEqual([4]);
  });

  it("fails the run when threads do nothing but end", async () => {
    await using short = workers({ size: 1, maxCrashes: 2 });
    const items = orders(3, { 0: "exit", 1: "exit", 2: "exit" });
    const error: unknown = await runOrders(short, items).catch((reason) => reason);
    expect((error as PipelineError).cause).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(
      /'module' must be a module whose threads finish an item before 2 of them in a row end: A thread /,
    );
    const { rows } = await runOrders(short, orders(3)); // Others may go on.
    expect(rows).toHaveLength(3);
  });
});

describe.skipIf(isWorkerd())("a value that cannot be cloned", () => {
  it("fails its item alone on the way in", async () => {
    const items: Order[] = orders(40);
    for (const index of [0, 17, 39]) items[index] = { id: index, call: () => 1 } as Order;
    const { rows, failed, letters } = await runOrders(threads, items);
    expect(rows).toHaveLength(37);
    expect(failed.map(([id]) => id)).toEqual([0, 17, 39]);
    expect(failed[0]![1]).toMatch(
      /^The item cannot be sent to a thread of .*: .*cloned; give it plain data, and open connections and functions in the module$/,
    );
    expect(letters[0]!.error).toMatchObject({ failure: "input" });
  });

  it("fails its item alone on the way out", async () => {
    const items = orders(40, { 0: "give a function", 1: "twice", 20: "skip", 39: "throw" });
    const { rows, failed, letters } = await runOrders(threads, items);
    expect(rows).toHaveLength(38);
    expect(failed.map(([id]) => id)).toEqual([0, 39]);
    expect(failed[0]![1]).toMatch(
      /^The result cannot be sent from a thread of .*: .*cloned; return plain data$/,
    );
    expect(letters[0]!.error).toMatchObject({ failure: "output" });
  });
});
