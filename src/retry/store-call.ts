import { CheckpointError, isOf } from "../errors.ts";
import { sleep, withDeadline } from "../runtime/deadline.ts";
import { delayAfter, isFatal, isRetriable, type RetrySettings } from "./retry.ts";

/**
 * Calls what keeps something for a run, by the rules for its loads: what is away for a moment ends no
 * run. Once the signal has aborted there is no further delay, and one last call. The signal that a
 * call is given aborts when its time is up, and when `gone` does: nobody waits for it any more.
 */
export async function callStore<R>(
  call: (signal: AbortSignal) => R | PromiseLike<R>,
  rules: RetrySettings,
  signal: AbortSignal | undefined,
  gone: AbortSignal,
): Promise<R> {
  const { attemptTimeout } = rules;
  for (let attempt = 1;; attempt++) {
    const isLast = signal?.aborted === true;
    try {
      return await (attemptTimeout === Infinity
        ? call(gone)
        : withDeadline(call, attemptTimeout, gone));
    } catch (error) {
      if (isLast || gone.aborted || !mayPass(error, attempt, rules)) throw error;
      await sleep(delayAfter(attempt, error, rules), signal);
    }
  }
}

/** Returns true if another call may succeed. */
function mayPass(error: unknown, attempt: number, rules: RetrySettings): boolean {
  try {
    return !isHopeless(error) && isRetriable(error, attempt, rules);
  } catch {
    return false; // What the call has failed with is told.
  }
}

/** The store has answered, and would answer the same again. */
export function isHopeless(error: unknown): boolean {
  return isFatal(error) || isOf(error, CheckpointError);
}
