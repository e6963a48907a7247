import { CheckpointError, isOf } from "../errors.ts";
import { sleep, withDeadline } from "./deadline.ts";
import { delayAfter, isFatal, isRetriable, type RetrySettings } from "./retry.ts";

/**
 * Calls what keeps something for a run, by the rules for its loads: what is away for a moment ends no
 * run. Once the signal has aborted there is no further delay, and one last call. The signal that a
 * call is given aborts when its time is up.
 */
export async function callStore<R>(
  call: (signal: AbortSignal) => R | PromiseLike<R>,
  rules: RetrySettings,
  signal: AbortSignal | undefined,
): Promise<R> {
  const { attemptTimeout } = rules;
  const { signal: endless } = new AbortController();
  for (let attempt = 1;; attempt++) {
    const isLast = signal?.aborted === true;
    try {
      return await (attemptTimeout === Infinity
        ? call(endless)
        : withDeadline(call, attemptTimeout, undefined));
    } catch (error) {
      if (isLast || !mayPass(error, attempt, rules)) throw error;
      await sleep(delayAfter(attempt, error, rules), signal);
    }
  }
}

/** Whether another call may succeed. */
function mayPass(error: unknown, attempt: number, rules: RetrySettings): boolean {
  try {
    return !isHopeless(error) && isRetriable(error, attempt, rules);
  } catch {
    return false; // What the store has failed with is told.
  }
}

/** The store has answered, and would answer the same again. */
export function isHopeless(error: unknown): boolean {
  return isFatal(error) || isOf(error, CheckpointError);
}
