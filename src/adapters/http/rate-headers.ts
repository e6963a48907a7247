import { RetryAfterError } from "../../retry/retry-after.ts";

/** Prefixes of the headers that state how many requests are left. */
const families = ["x-ratelimit-", "ratelimit-", "x-rate-limit-"] as const;

/**
 * Returns the pause that a service asks for, in milliseconds, if any. `Retry-After` decides if the
 * service rejected the request; otherwise the headers that say that no request is left, and until when.
 */
export function pauseOf({ status, headers }: Response): number | undefined {
  if (status >= 400) {
    const { retryAfter } = new RetryAfterError(headers.get("retry-after"));
    if (retryAfter !== undefined) return retryAfter;
  }
  for (const family of families) {
    const left = headers.get(`${family}remaining`);
    if (left !== null && Number(left) <= 0) return delayUntil(headers.get(`${family}reset`));
  }
  const combined = headers.get("ratelimit") ?? ""; // "default";r=0;t=30, in older drafts remaining=0, reset=30.
  if (!/\b(?:r|remaining)=0\b/.test(combined)) return undefined;
  return delayUntil(/\b(?:t|reset)=(\d+)/.exec(combined)?.[1]);
}

/** Returns the delay of a reset header: seconds from now, or a time in seconds or ms since 1970. */
function delayUntil(reset: string | null | undefined): number | undefined {
  const value = Number(reset || NaN);
  if (!(value >= 0 && value < 1e15)) return undefined;
  if (value < 1e9) return Math.ceil(value * 1000);
  return Math.max(0, (value < 1e11 ? value * 1000 : value) - Date.now());
}
