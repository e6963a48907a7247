/**
 * Tells whether a result has to be waited for. The user's callbacks may give either, and the read
 * loop pays for no promise where there is none.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
