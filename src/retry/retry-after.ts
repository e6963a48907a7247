import { EtlError, propertyOf } from "../errors.ts";

/**
 * An error that says when to try again. Thrown by a `transform` or a `load`, it sets the delay before
 * the next attempt, instead of the backoff, and pauses the rate limit of the run. Both wait at most for
 * `maxRetryAfter` of the retry options: a day by default.
 *
 * Any other error can do the same with a property `retryAfter`, in milliseconds.
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
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "RetryAfterError";
  /** Name of the class. */
  override readonly name = "RetryAfterError" as const;
  /** Kind of the error. */
  override readonly code = "RETRY_AFTER" as const;
  /** Time until the next attempt in milliseconds; `undefined` if the value is not usable. */
  readonly retryAfter: number | undefined;

  /**
   * Creates the error from milliseconds, or from the value of an HTTP header `Retry-After`: seconds,
   * possibly with decimals, or one of the three forms of an HTTP date (RFC 9110, section 10.2.3). Any
   * other text is ignored, and the backoff sets the delay.
   */
  constructor(
    retryAfter: number | string | null,
    options: { message?: string; cause?: unknown } = {},
  ) {
    super(options.message ?? "Try again later", { cause: options.cause });
    this.retryAfter = typeof retryAfter === "string" ? delayOf(retryAfter) : checked(retryAfter);
  }
}

/** Default limit of `retryAfter`: a day. */
export const longestRetryAfter: number = 24 * 60 * 60 * 1000;

/** Returns the delay that an error asks for, in milliseconds, at most `max`. */
export function retryAfterOf(error: unknown, max: number = Infinity): number | undefined {
  const delay = checked(propertyOf(error, "retryAfter"));
  return delay && Math.min(delay, max);
}

/** Returns the delay that a header asks for; `undefined` if it is neither seconds nor a date. */
function delayOf(header: string): number | undefined {
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) {
    const delay = Math.ceil(Number(text) * 1000 - 1e-6); // 1.1 × 1000 is slightly more than 1100.
    return Math.min(Math.max(0, delay), Number.MAX_VALUE);
  }
  const time = timeOf(text);
  return time === undefined ? undefined : Math.max(0, time - Date.now());
}

/**
 * Returns a date in one of the three forms of HTTP (RFC 9110, section 5.6.7), in milliseconds since 1970.
 */
function timeOf(text: string): number | undefined {
  const parts = text
    // Sun Nov  6 08:49:37 1994
    .replace(
      /^([A-Z][a-z]{2}) (\w{3}) ([ \d]\d) ([\d:]{8}) (\d{4})$/,
      (_, name, month, day, clock, year) =>
        `${name}, ${day.replace(" ", "0")} ${month} ${year} ${clock} GMT`,
    )
    // Sunday, 06-Nov-94 08:49:37 GMT
    .replace(
      /^([A-Z][a-z]{2})[a-z]{3,6}, (\d\d)-(\w{3})-(\d\d) /,
      (_, name, day, month, year) => `${name}, ${day} ${month} ${fullYear(Number(year))} `,
    )
    // Sun, 06 Nov 1994 08:49:37 GMT
    .match(/^[A-Z][a-z]{2}, (\d\d) (\w{3}) (\d{4}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60) GMT$/);
  if (parts === null) return undefined;
  const [day, , year, hour, minute, second] = parts.slice(1).map(Number) as [number, ...number[]];
  const month = "JanFebMarAprMayJunJulAugSepOctNovDec".indexOf(parts[2]!) / 3;
  const date = new Date(0);
  date.setUTCFullYear(year!, month, day); // Unlike `Date.UTC`, it takes the year 94 literally.
  // The month or the day does not exist.
  if (month % 1 !== 0 || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour!, minute, second);
}

/** Returns the last year that ends in these two digits and is at most 50 years ahead. */
function fullYear(digits: number): number {
  const latest = new Date().getUTCFullYear() + 50;
  return latest - (latest - digits) % 100;
}

function checked(delay: unknown): number | undefined {
  return typeof delay === "number" && delay >= 0 && delay < Infinity ? delay : undefined;
}
