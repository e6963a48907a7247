import { EtlError } from "../errors.ts";

/**
 * An error that says when to try again: thrown by a `transform` or a `load`, it sets the delay
 * before the next attempt, in place of the backoff, and pauses the rate limit of the run.
 *
 * Any other error may say the same by a property `retryAfter`, in milliseconds.
 *
 * @example From the header of a response
 * ```ts
 * import { RetryAfterError } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const response = new Response(null, { status: 429, headers: { "Retry-After": "2" } });
 * const error = new RetryAfterError(response.headers.get("Retry-After"));
 * equal(error.retryAfter, 2_000);
 * ```
 */
export class RetryAfterError extends EtlError {
  /** The class of the error. */
  override readonly name = "RetryAfterError" as const;
  /** The kind of the error. */
  override readonly code = "RETRY_AFTER" as const;
  /** Time until the next attempt in milliseconds; `undefined` where the value said nothing usable. */
  readonly retryAfter: number | undefined;

  /**
   * Makes the error from milliseconds, or from the value of an HTTP header `Retry-After`: seconds,
   * or a date (RFC 9110, section 10.2.3).
   */
  constructor(
    retryAfter: number | string | null,
    options: { message?: string; cause?: unknown } = {},
  ) {
    super(options.message ?? "Try again later", { cause: options.cause });
    this.retryAfter = typeof retryAfter === "string" ? delayOf(retryAfter) : checked(retryAfter);
  }
}

/** How long an error wants to be waited for, in milliseconds, if it says so. */
export function retryAfterOf(error: unknown): number | undefined {
  try {
    return checked((error as { retryAfter?: unknown } | null | undefined)?.retryAfter);
  } catch {
    return undefined; // What cannot be looked at says nothing.
  }
}

function delayOf(header: string): number | undefined {
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - Date.now());
}

function checked(delay: unknown): number | undefined {
  return typeof delay === "number" && delay >= 0 && delay < Infinity ? delay : undefined;
}
