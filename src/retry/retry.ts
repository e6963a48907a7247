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

/** When a call that failed is made again. */
export interface RetryOptions {
  /**
   * Most calls, the first included: a positive integer, or `Infinity`. With 1 there is no retry.
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
   * Longest `retryAfter` of an error that is waited for, in milliseconds: a number of at least 0. A
   * longer one is cut to it.
   * @default {86_400_000}
   */
  maxRetryAfter?: number | undefined;
  /**
   * By what the longest delay grows with each attempt: a number above 0.
   * @default {2}
   */
  factor?: number | undefined;
  /**
   * `"full"` waits a random time between 0 and the longest delay, so that those who failed together
   * do not come back together; `"none"` waits the longest delay.
   * @default {"full"}
   */
  jitter?: "full" | "none" | undefined;
  /**
   * Tells by a boolean whether an error may pass by itself, so that the call is worth another
   * attempt. Such an error is never taken for the fault of an item. Without it every error is tried
   * again, but for `BatchError`, `SplitError`, `InvalidItemError`, `FencedError` and
   * `ConfigurationError`. Any other
   * answer is refused, and so is a promise.
   */
  isRetriable?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * Longest time of one call in milliseconds, a number above 0. After it the call's signal aborts,
   * and it has failed with a `TimeoutError`.
   * @default {Infinity}
   */
  attemptTimeout?: number | undefined;
}

/** Retry options with their defaults filled in. */
export type RetrySettings = Complete<RetryOptions, "isRetriable">;

/** Options of `retry`. */
export interface RetryCallOptions extends RetryOptions {
  /** Ends the retrying, also during a delay: the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** Context of a call by `retry`. */
export interface AttemptContext {
  /** Which call it is; the first is 1. */
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
 * The delay before the attempt after this one, in milliseconds: exponential backoff with full jitter
 * (M. Brooker, Exponential Backoff and Jitter, 2015), unless the error says how long to wait.
 */
export function delayAfter(attempt: number, error: unknown, settings: RetrySettings): number {
  const { baseDelay, maxDelay, maxRetryAfter, factor, jitter } = settings;
  // The power grows to Infinity, which times 0 is no number.
  const longest = baseDelay && Math.min(maxDelay, baseDelay * factor ** (attempt - 1));
  return retryAfterOf(error, maxRetryAfter) ??
    (jitter === "full" ? Math.random() * longest : longest);
}

/**
 * Returns true if the error itself, or the user, says that it may pass.
 * @throws {ConfigurationError} If the user's answer is no boolean; or whatever that throws.
 */
export function isTransient(error: unknown, attempt: number, settings: RetrySettings): boolean {
  if (isFatal(error)) return false;
  if (settings.isRetriable !== undefined) {
    const answer: unknown = settings.isRetriable(error, attempt);
    if (typeof answer === "boolean") return answer;
    Promise.resolve(answer).catch(() => {}); // Nobody waits for a promise.
    fail("retry", "isRetriable", "a function that returns a boolean", answer);
  }
  return retryAfterOf(error) !== undefined || isTimeout(error);
}

/** A timeout of the platform, of whatever realm. */
export function isTimeout(error: unknown): boolean {
  try {
    return Object.prototype.toString.call(error) === "[object DOMException]" &&
      (error as DOMException).name === "TimeoutError";
  } catch {
    return false; // What cannot be looked at says nothing.
  }
}

/** Returns true if an error is worth another attempt, as long as there are some left. */
export function isRetriable(error: unknown, attempt: number, settings: RetrySettings): boolean {
  if (attempt >= settings.maxAttempts || isFatal(error)) return false;
  if (settings.isRetriable !== undefined) return isTransient(error, attempt, settings);
  const isOfItems = isOf(error, BatchError) || propertyOf(error, "code") === "INVALID_ITEM";
  return !isOfItems && !isOf(error, SplitError);
}

/** No further attempt can change it. */
export function isFatal(error: unknown): boolean {
  return isOf(error, FencedError) || isOf(error, ConfigurationError);
}

/**
 * Calls until a call succeeds, and gives its result. Between two calls it waits: exponential backoff
 * with full jitter (M. Brooker, Exponential Backoff and Jitter, 2015), or as long as the error says
 * by its `retryAfter` in milliseconds.
 *
 * The promise rejects with what the last call failed with; or with the reason of the signal, at once
 * and also while a call goes on that does not heed it. It rejects with `ConfigurationError` if `call`
 * is no function, an option is unknown or breaks its rule, or `isRetriable` returns no boolean; with
 * an `AggregateError` of both errors if that throws. It leaves neither a timer nor a listener.
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
        return withDeadline(own, attemptTimeout, signal, () => {}); // Nobody looks after it.
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!mayRetry(error, attempt, settings)) throw error;
      await sleep(delayAfter(attempt, error, settings), signal);
    }
  }
}

/** The result of a call, unless the signal aborts before. */
function untilAborted<R>(signal: AbortSignal, call: () => R | PromiseLike<R>): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    const unfollow = onAbort(signal, reject);
    const result = new Promise<R>((settle) => settle(call()));
    result.then(unfollow, unfollow);
    result.then(resolve, reject);
  });
}

/** A user's `isRetriable` that throws hides nothing, and is not hidden. */
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
