/**
 * Tells whether a result has to be waited for. The user's callbacks may give either, and the read
 * loop pays for no promise where there is none.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (typeof value !== "object" && typeof value !== "function" || value === null) return false;
  try {
    return typeof (value as { then?: unknown }).then === "function";
  } catch {
    return true; // Waiting for it rejects with what was thrown, where whoever waits is told.
  }
}
