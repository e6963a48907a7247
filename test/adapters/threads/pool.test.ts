import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inThreads } from "../../../src/adapters/threads/in-threads.ts";
import type { ThreadsOptions } from "../../../src/adapters/threads/options.ts";
import { isWorkerd } from "../../../src/runtime/detect.ts";
import { FakeWorker } from "../../support/threads/fake-worker.ts";

const { signal } = new AbortController();
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
let workers: FakeWorker[] = [];

function open(options: ThreadsOptions<number>) {
  return inThreads<(n: number) => number>(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  }, options);
}

describe.skipIf(isWorkerd())("a pool of threads", () => {
  beforeEach(() => {
    workers = [];
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("begins no thread before there is work, and sends none before it is ready", async () => {
    const threads = open({ size: 2 });
    expect(workers).toHaveLength(0);
    const call = threads(numbers(2), { signal });
    expect(workers).toHaveLength(1); // Too few to cut.
    expect(workers[0]!.requests).toHaveLength(0);
    workers[0]!.say("ready");
    expect(workers[0]!.requests).toMatchObject([{ items: [0, 1] }]);
    workers[0]!.answer();
    expect(await call).toEqual([0, 1]);
    await threads.close();
    expect(workers[0]!.isTerminated).toBe(true);
  });

  it("cuts a batch among the threads that have nothing to do", async () => {
    const threads = open({ size: 2 });
    const call = threads(numbers(100), { signal });
    for (const worker of workers) worker.say("ready");
    expect(workers.map(({ requests }) => requests[0]!.items.length)).toEqual([50, 50]);
    workers[1]!.answer();
    workers[0]!.answer();
    expect(await call).toEqual(numbers(100));
    await threads.close();
  });

  it("gives a thread its next items before it has done the last, and no more", async () => {
    const threads = open({ size: 1 });
    const calls = numbers(4).map((n) => threads([n], { signal }));
    const [worker] = workers;
    worker!.say("ready");
    expect(worker!.requests).toHaveLength(2);
    worker!.answer();
    expect(worker!.requests).toHaveLength(2);
    for (let left = 3; left > 0; left--) worker!.answer();
    expect(await Promise.all(calls)).toEqual([[0], [1], [2], [3]]);
    await threads.close();
  });

  it("waits longer for a thread that finishes items", async () => {
    const threads = open({ size: 1, timeout: 1000 });
    const call = threads(numbers(3), { signal });
    workers[0]!.say("ready");
    expect(workers[0]!.requests[0]!.beat).toBe(250);
    for (let time = 0; time < 5; time++) {
      vi.advanceTimersByTime(900);
      workers[0]!.say("alive");
    }
    expect(workers[0]!.isTerminated).toBe(false);
    workers[0]!.answer();
    expect(await call).toEqual([0, 1, 2]);
    await threads.close();
  });

  it("does what a lost thread had at work item by item, and what it had not begun as it was", async () => {
    const threads = open({ size: 1 });
    const first = threads([0, 1], { signal });
    const second = threads([2, 3], { signal });
    workers[0]!.say("ready");
    workers[0]!.say("exit", { code: 3 });
    expect(workers[0]!.isTerminated).toBe(true);
    const [, next] = workers;
    next!.say("ready");
    expect(next!.requests).toMatchObject([{ items: [0] }, { items: [1] }]);
    next!.answer();
    next!.answer();
    expect(await first).toEqual([0, 1]);
    next!.answer();
    expect(await second).toEqual([2, 3]);
    await threads.close();
  });

  it("gives others what a thread had of them when a call is aborted", async () => {
    const threads = open({ size: 1 });
    const controller = new AbortController();
    const first = threads([0], controller).catch((reason) => reason);
    const second = threads([1], { signal });
    workers[0]!.say("ready");
    controller.abort("enough");
    expect(await first).toBe("enough");
    expect(workers[0]!.isTerminated).toBe(true);
    workers[1]!.say("ready");
    expect(workers[1]!.requests).toMatchObject([{ items: [1] }]);
    workers[1]!.answer();
    expect(await second).toEqual([1]);
    await threads.close();
  });

  it("ends a thread that has had nothing to do for so long, and begins one again", async () => {
    const threads = open({ size: 1, idleTimeout: 500 });
    const call = threads([0], { signal });
    workers[0]!.say("ready");
    workers[0]!.answer();
    await call;
    vi.advanceTimersByTime(499);
    expect(workers[0]!.isTerminated).toBe(false);
    vi.advanceTimersByTime(1);
    expect(workers[0]!.isTerminated).toBe(true);
    const again = threads([1], { signal });
    workers[1]!.say("ready");
    workers[1]!.answer();
    expect(await again).toEqual([1]);
    await threads.close();
  });

  it("takes no notice of what the module says to others", async () => {
    const threads = open({ size: 1 });
    const call = threads([0], { signal });
    workers[0]!.say("ready");
    workers[0]!.say("something");
    workers[0]!.say(undefined as never);
    workers[0]!.answer();
    expect(await call).toEqual([0]);
    await threads.close();
  });
});
