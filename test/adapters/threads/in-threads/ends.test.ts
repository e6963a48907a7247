import { describe, expect, it, vi } from "vitest";
import { CancelledError, ConfigurationError } from "../../../../src/errors.ts";
import { etl } from "../../../../src/etl/etl.ts";
import { ThreadError } from "../../../../src/adapters/threads/thread-error.ts";
import { isWorkerd } from "../../../../src/runtime/detect.ts";
import { orders, threadsOf, workers } from "../../../support/threads/modules.ts";
import { runOrders } from "../../../support/threads/run-orders.ts";

type Moved = typeof import("../../../support/threads/moved.ts").default;

describe.skipIf(isWorkerd())("a call of inThreads", () => {
  it("ends when the run is aborted, even in an endless loop, and others go on", async () => {
    const threads = workers({ size: 1 });
    const running = etl({
      name: "loop",
      extract: () => orders(2, { 0: "loop" }),
      transformBatch: threads,
      load: () => {},
    }).start({ batchSize: 2 });
    const other = runOrders(threads, orders(2));
    running.abort("enough");
    await expect(running.finished).rejects.toBeInstanceOf(CancelledError);
    expect((await other).rows).toHaveLength(2);
    await threads.close();
  });

  it("leaves no listener on its signal", async () => {
    const threads = workers({ size: 1 });
    let count = 0;
    const { signal } = new AbortController();
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    signal.addEventListener = (
      ...args: Parameters<typeof add>
    ) => (count++, add.apply(signal, args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      count--;
      remove.apply(signal, args);
    };
    await threads(orders(3), { signal });
    await threads(orders(3, { 1: "throw" }), { signal }).catch(() => {});
    const waiting = threads(orders(3), { signal }).catch((reason) => reason);
    await threads.close();
    expect(await waiting).toBeInstanceOf(ThreadError);
    expect(count).toBe(0);
  });

  it("begins nothing for a signal that has aborted", async () => {
    const threads = workers({ size: 1 });
    const signal = AbortSignal.abort("no");
    await expect(threads(orders(1), { signal })).rejects.toBe("no");
    await threads.close();
  });

  it("rejects once the threads are closed", async () => {
    const threads = workers({ size: 1 });
    const { signal } = new AbortController();
    const waiting = threads(orders(1, { 0: "loop" }), { signal }).catch((reason) => reason);
    await threads.close();
    const error: unknown = await waiting;
    expect(error).toBeInstanceOf(ThreadError);
    expect((error as Error).message).toMatch(/^The threads of .* are closed$/);
    await expect(threads(orders(1), { signal })).rejects.toMatchObject({ failure: "closed" });
    expect(await threads([], { signal })).toEqual([]);
  });

  it("does not compute the sound items of a batch again", async () => {
    const threads = workers({ size: 1 });
    const { signal } = new AbortController();
    const items = orders(5, { 2: "throw" });
    await expect(threads(items, { signal })).rejects.toThrow("1 item of the batch failed: no 2");
    const rest = items.filter(({ id }) => id !== 2);
    await threads.close(); // There is nobody left to compute.
    expect(await threads(rest, { signal })).toEqual(rest);
    await expect(threads(rest, { signal })).rejects.toBeInstanceOf(ThreadError);
  });

  it("moves bytes there and back", async () => {
    const threads = threadsOf<Moved>("moved.ts", {
      size: 1,
      transfer: (items) => items.map(({ bytes }) => bytes.buffer),
    });
    const items = [1, 2].map((id) => ({ id, bytes: new Uint8Array(1000).fill(id) }));
    const { signal } = new AbortController();
    const rows = await threads(items, { signal });
    expect(rows).toMatchObject([{ id: 1, bytes: { 0: 2, 999: 1 } }, { id: 2, bytes: { 0: 3 } }]);
    expect(items[0]!.bytes).toHaveLength(0);
    await threads.close();
  });

  it("runs the function of the module it was given, not of one that it imports", async () => {
    type Deep = typeof import("../../../support/threads/deep.ts").default;
    const threads = threadsOf<Deep>("deep.ts", { size: 1 });
    expect(await threads([7], { signal: new AbortController().signal })).toEqual([{ id: 7 }]);
    await threads.close();
  });
});

describe.skipIf(isWorkerd())("a module", () => {
  const rule = "Cannot start a thread as 'module' must be a module that can be loaded and calls " +
    "thread(fn): current value is ";

  it("that fails while it is loaded fails the call at once", async () => {
    const threads = threadsOf("broken.ts", { size: 2 });
    const { signal } = new AbortController();
    const error: unknown = await threads([1, 2], { signal }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(rule);
    expect((error as Error).message).toContain("no configuration");
    await threads.close();
  });

  it("that calls no thread(fn) is told as such", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const threads = threadsOf("silent.ts", { size: 1, startTimeout: 5000 });
    const { signal } = new AbortController();
    const waiting = threads([1], { signal }).catch((reason) => reason);
    if ("document" in globalThis) vi.advanceTimersByTime(5000); // Where it does not end by itself.
    const error: unknown = await waiting;
    vi.useRealTimers();
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(
      /(not ready after 5000 ms|its thread ended with code 0)$/,
    );
    await threads.close();
  });
});
