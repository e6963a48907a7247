import { vi } from "vitest";

/** What has become of a promise so far. */
export interface Outcome {
  state: "pending" | "fulfilled" | "rejected";
  /** The value or the reason. */
  value?: unknown;
}

/** Follows a promise without waiting for it; a rejection is thereby handled. A value is fulfilled. */
export function outcomeOf(promise: unknown): Outcome {
  const outcome: Outcome = { state: "pending" };
  Promise.resolve(promise).then(
    (value) => void Object.assign(outcome, { state: "fulfilled", value }),
    (value) => void Object.assign(outcome, { state: "rejected", value }),
  );
  return outcome;
}

/** Lets promises have their turn, many times over, but no timer. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

/**
 * Moves the fake clock on, and lets every promise and every timer that is due have its turn. No real
 * timer is waited for, as some runtimes take milliseconds for one.
 */
export async function settle(time = 0): Promise<void> {
  await turns();
  vi.advanceTimersByTime(time);
  await turns();
  vi.advanceTimersByTime(0);
  await turns();
}

/** Lets time pass in steps, so that a timer that another one has begun fires in its time. */
export async function pass(time: number, step = 50): Promise<void> {
  for (let left = time; left > 0; left -= step) await settle(Math.min(left, step));
}
