/**
 * Tells whether a result has to be waited for. The user's callbacks may give either, and the read
 * loop pays for no promise where there is none. What a getter of `then` throws comes through.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
