import { onAbort } from "./signals.ts";
import { setTimer } from "./timer.ts";

/** Waits so many milliseconds, or until the signal aborts. Leaves neither a timer nor a listener. */
export function sleep(delay: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    let stopTimer = () => {};
    let unfollow = () => {};
    const end = () => {
      stopTimer();
      unfollow();
      resolve();
    };
    stopTimer = setTimer(delay, end);
    unfollow = onAbort(signal, end); // It may call at once.
  });
}

/**
 * Makes a call that may take `timeout` milliseconds: then its signal aborts, and the promise rejects
 * with a `TimeoutError`, without waiting for a call that does not heed its signal. `onLeft` is given
 * what settles with such a call; who takes that also sees to a call that has to end because `signal`
 * has aborted, and no timer is left then. A call that is known to heed its signal is given `grace`
 * more milliseconds, as its own end tells what has become of it.
 */
export function withDeadline<R>(
  call: (signal: AbortSignal) => R | PromiseLike<R>,
  timeout: number,
  signal: AbortSignal | undefined,
  onLeft?: (settled: Promise<unknown>) => void,
  grace = 0,
): Promise<R> {
  const deadline = new AbortController();
  return new Promise<R>((resolve, reject) => {
    let stopTimer = setTimer(timeout, () => {
      unfollow();
      const error = new DOMException(`The call took longer than ${timeout} ms`, "TimeoutError");
      const leave = () => {
        reject(error);
        onLeft?.(result.catch(() => {})); // The timeout is reported instead.
      };
      if (grace > 0) stopTimer = setTimer(grace, leave);
      else leave();
      deadline.abort(error);
    });
    const unfollow = onAbort(signal, (reason) => {
      if (onLeft !== undefined) stopTimer();
      deadline.abort(reason);
    });
    const result = new Promise<R>((settle) => settle(call(deadline.signal)));
    const end = () => {
      stopTimer();
      unfollow();
    };
    result.then(end, end);
    result.then(resolve, reject);
  });
}
