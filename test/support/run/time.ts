import { afterEach, beforeEach, vi } from "vitest";
import { type Outcome, outcomeOf } from "../outcomes/outcome.ts";

/** Takes a time, which under fake timers the test lets pass. */
export function wait(delay: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delay));
}

/** Never ends before the signal aborts, and then fails with its reason. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** Lets `time` pass, and tells what became of the promise by then. */
export async function after(time: number, promise: PromiseLike<unknown>): Promise<Outcome> {
  const outcome = outcomeOf(promise);
  await vi.advanceTimersByTimeAsync(time);
  return outcome;
}

/** The error that a promise rejects with; it is a failure of the test if it does not. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const outcome = await after(0, promise);
  if (outcome.state !== "rejected") throw new Error(`not rejected but ${outcome.state}`);
  return outcome.value;
}

/**
 * Whether a turn of the event loop takes long here, as in browsers. Each step of a fake clock takes
 * one, so tests of thousands of steps then do fewer.
 */
export async function isSlow(): Promise<boolean> {
  let fastest = Infinity; // What else the machine does must not leave out tests.
  for (let lot = 0; lot < 5; lot++) {
    const begin = performance.now();
    for (let turn = 0; turn < 20; turn++) await wait(0);
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return fastest > 50;
}

/** Time passes only while something is waited for by `inTime`. */
export function useOwnTime(): void {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
}

/** Lets time pass until a promise is settled. */
export async function inTime<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => void (isSettled = true);
  promise.then(settle, settle);
  while (!isSettled) await vi.advanceTimersByTimeAsync(100);
  return await promise;
}
