import { CheckpointError, isOf } from "../errors.ts";
import { sleep, withDeadline } from "../runtime/deadline.ts";
import { delayAfter, isFatal, isRetriable, type RetrySettings } from "./retry.ts";

/**
 * Calls a store by the retry rules of the run's loads, so that a store that is briefly unavailable does not
 * end the run. Once the signal has aborted, there is no further delay, and one last call. The signal passed
 * to a call aborts when its time is up, or when `gone` aborts because it is no longer awaited.
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
    return false; // The error of the call is reported.
  }
}

/** Returns true if the store would answer the same again. */
export function isHopeless(error: unknown): boolean {
  return isFatal(error) || isOf(error, CheckpointError);
}
