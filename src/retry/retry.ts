import {
  BatchError,
  ConfigurationError,
  FencedError,
  isOf,
  messageOf,
  propertyOf,
  SplitError,
} from "../errors.ts";
import {
  abortSignal,
  callable,
  checkOptions,
  type Complete,
  fail,
  nonNegative,
  oneOf,
  type OptionTable,
  positive,
  positiveIntegerOrInfinity,
} from "../plain-options.ts";
import { onAbort } from "../runtime/signals.ts";
import { sleep, withDeadline } from "../runtime/deadline.ts";
import { longestRetryAfter, retryAfterOf } from "./retry-after.ts";

/** Rules for retrying a failed call. */
export interface RetryOptions {
  /**
   * Most calls, including the first: a positive integer, or `Infinity`. With 1 there is no retry.
   * @default {1}
   */
  maxAttempts?: number | undefined;
  /**
   * Longest delay before the second attempt in milliseconds, a number of at least 0.
   * @default {100}
   */
  baseDelay?: number | undefined;
  /**
   * Longest delay before any attempt in milliseconds, a number of at least 0. A `retryAfter` of the
   * error may be longer.
   * @default {30_000}
   */
  maxDelay?: number | undefined;
  /**
   * Longest accepted `retryAfter` of an error in milliseconds: a number of at least 0. A longer one is
   * shortened to it.
   * @default {86_400_000}
   */
  maxRetryAfter?: number | undefined;
  /**
   * Factor by which the longest delay grows with each attempt: a number above 0.
   * @default {2}
   */
  factor?: number | undefined;
  /**
   * Randomness of delays: `"full"` waits a random time between 0 and the longest delay, so that calls
   * that failed together are not retried together; `"none"` waits the longest delay.
   * @default {"full"}
   */
  jitter?: "full" | "none" | undefined;
  /**
   * Returns a boolean: true if an error may pass by itself, so that another attempt is worthwhile. Such
   * an error is never blamed on an item. Without it, every error is retried, except `BatchError`,
   * `SplitError`, `InvalidItemError`, `FencedError` and `ConfigurationError`. Any other result is
   * rejected, including a promise.
   */
  isRetriable?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * Longest time of one call in milliseconds, a number above 0. After it, the signal of the call
   * aborts, and the call has failed with a `TimeoutError`.
   * @default {Infinity}
   */
  attemptTimeout?: number | undefined;
}

/** Retry options with their defaults filled in. */
export type RetrySettings = Complete<RetryOptions, "isRetriable">;

/** Options of `retry`. */
export interface RetryCallOptions extends RetryOptions {
  /** Ends the retries, even during a delay: the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** Context of a call made by `retry`. */
export interface AttemptContext {
  /** Number of the call; the first is 1. */
  readonly attempt: number;
  /** Aborts when the result is no longer wanted, or `attemptTimeout` is over. */
  readonly signal: AbortSignal;
}

/** The rule and the default of each retry option. */
export const retryOptions: OptionTable<RetryOptions> = {
  maxAttempts: [positiveIntegerOrInfinity, 1],
  baseDelay: [nonNegative, 100],
  maxDelay: [nonNegative, 30_000],
  maxRetryAfter: [nonNegative, longestRetryAfter],
  factor: [positive, 2],
  jitter: [oneOf("full", "none"), "full"],
  isRetriable: [callable],
  attemptTimeout: [positive, Infinity],
};

/**
 * Returns the delay before the next attempt, in milliseconds: exponential backoff with full jitter (M.
 * Brooker, Exponential Backoff and Jitter, 2015), unless the error says how long to wait.
 */
export function delayAfter(attempt: number, error: unknown, settings: RetrySettings): number {
  const { baseDelay, maxDelay, maxRetryAfter, factor, jitter } = settings;
  // The power grows to Infinity, which times 0 is NaN.
  const longest = baseDelay && Math.min(maxDelay, baseDelay * factor ** (attempt - 1));
  return retryAfterOf(error, maxRetryAfter) ??
    (jitter === "full" ? Math.random() * longest : longest);
}

/**
 * Returns true if the error itself, or the user, says that it may pass.
 * @throws {ConfigurationError} If the user's result is not a boolean; or any error that it throws.
 */
export function isTransient(error: unknown, attempt: number, settings: RetrySettings): boolean {
  if (isFatal(error)) return false;
  if (settings.isRetriable !== undefined) {
    const answer: unknown = settings.isRetriable(error, attempt);
    if (typeof answer === "boolean") return answer;
    Promise.resolve(answer).catch(() => {}); // A promise is not awaited.
    fail("retry", "isRetriable", "a function that returns a boolean", answer);
  }
  return retryAfterOf(error) !== undefined || isTimeout(error);
}

/** Returns true for a timeout of the platform, from any realm. */
export function isTimeout(error: unknown): boolean {
  try {
    return Object.prototype.toString.call(error) === "[object DOMException]" &&
      (error as DOMException).name === "TimeoutError";
  } catch {
    return false; // It cannot be inspected.
  }
}

/** Returns true if an error is worth another attempt, and attempts are left. */
export function isRetriable(error: unknown, attempt: number, settings: RetrySettings): boolean {
  if (attempt >= settings.maxAttempts || isFatal(error)) return false;
  if (settings.isRetriable !== undefined) return isTransient(error, attempt, settings);
  const isOfItems = isOf(error, BatchError) || propertyOf(error, "code") === "INVALID_ITEM";
  return !isOfItems && !isOf(error, SplitError);
}

/** Returns true if no further attempt can change the outcome. */
export function isFatal(error: unknown): boolean {
  return isOf(error, FencedError) || isOf(error, ConfigurationError);
}

/**
 * Calls `call` until it succeeds, and returns its result. Between two calls it waits: exponential
 * backoff with full jitter (M. Brooker, Exponential Backoff and Jitter, 2015), or the `retryAfter` of
 * the error in milliseconds.
 *
 * The promise rejects with the error of the last call. If the signal aborts, it rejects at once with
 * its reason, even while a call ignores the signal. It rejects with `ConfigurationError` if `call` is
 * not a function, an option is unknown or breaks its rule, or `isRetriable` does not return a boolean.
 * If `isRetriable` throws, it rejects with an `AggregateError` of both errors. It leaves neither a
 * timer nor a listener.
 *
 * @example The third call succeeds
 * ```ts
 * import { retry } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const answer = await retry(({ attempt }) => {
 *   if (attempt < 3) throw new Error("not yet");
 *   return attempt;
 * }, { maxAttempts: 5, baseDelay: 1 });
 * equal(answer, 3);
 * ```
 */
export async function retry<R>(
  call: (context: AttemptContext) => R | PromiseLike<R>,
  options: RetryCallOptions = {},
): Promise<R> {
  if (!callable.test(call)) fail("retry", "call", callable.expected, call);
  const { signal = new AbortController().signal, ...settings } = checkOptions<
    RetryCallOptions,
    "isRetriable" | "signal"
  >("retry", options, { ...retryOptions, signal: [abortSignal] });
  const { attemptTimeout } = settings;
  for (let attempt = 1;; attempt++) {
    signal.throwIfAborted();
    try {
      return await untilAborted(signal, () => {
        if (attemptTimeout === Infinity) return call({ attempt, signal });
        const own = (signal: AbortSignal) => call({ attempt, signal });
        return withDeadline(own, attemptTimeout, signal, () => {}); // Its later result is ignored.
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!mayRetry(error, attempt, settings)) throw error;
      await sleep(delayAfter(attempt, error, settings), signal);
    }
  }
}

/** Returns the result of a call, unless the signal aborts first. */
function untilAborted<R>(signal: AbortSignal, call: () => R | PromiseLike<R>): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    const unfollow = onAbort(signal, reject);
    const result = new Promise<R>((settle) => settle(call()));
    result.then(unfollow, unfollow);
    result.then(resolve, reject);
  });
}

/** Returns true if a call may be retried. If the user's `isRetriable` throws, both errors are reported. */
function mayRetry(error: unknown, attempt: number, settings: RetrySettings): boolean {
  try {
    return isRetriable(error, attempt, settings);
  } catch (thrown) {
    if (isOf(thrown, ConfigurationError)) {
      throw Object.defineProperty(thrown, "cause", { value: error });
    }
    const words = `${messageOf(error)} ('isRetriable' threw: ${messageOf(thrown)})`;
    throw new AggregateError([error, thrown], words, { cause: error });
  }
}
