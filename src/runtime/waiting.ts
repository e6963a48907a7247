import { onAbort } from "./signals.ts";

/**
 * Starts what may have to wait before it begins: until then a signal that aborts withdraws it, later
 * it sees to the signal itself. `onBegin` throws where it begins too late.
 */
export function whileWaiting<T>(
  start: (onBegin: () => void) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return start(() => {});
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let hasBegun = false;
    const unfollow = onAbort(signal, (reason) => {
      if (!hasBegun) reject(reason);
    });
    const onBegin = () => {
      signal.throwIfAborted();
      hasBegun = true;
    };
    start(onBegin).then(resolve, reject).finally(unfollow);
  });
}

/**
 * Waits for a promise until a signal aborts, with whose reason it then rejects. What the promise gives
 * later goes to `onLate`.
 */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  onLate: (value: T) => void = () => {},
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    let isLate = false;
    const unfollow = onAbort(signal, (reason) => {
      isLate = true;
      reject(reason);
    });
    promise.then((value) => isLate ? onLate(value) : resolve(value), reject).finally(unfollow);
  });
}
