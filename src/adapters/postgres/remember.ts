import { unlessAborted } from "../../runtime/waiting.ts";

/**
 * Makes something once, at the first call, for all calls until it is made; if that failed, again at
 * the next. Each waits until its own signal aborts, and the last one to give up ends the making.
 */
export function remember<T>(
  make: (signal: AbortSignal) => Promise<T>,
): (signal?: AbortSignal) => Promise<T> {
  let making: Making<T> | undefined;
  const begin = (): Making<T> => {
    const stop = new AbortController();
    const forget = () => void (making = making === begun ? undefined : making);
    const made = make(stop.signal);
    const begun: Making<T> = { made, waiting: 0, end: (reason) => (forget(), stop.abort(reason)) };
    made.catch(forget);
    return begun;
  };
  return async (signal) => {
    signal?.throwIfAborted();
    const joined = making ??= begin();
    joined.waiting++;
    try {
      return await unlessAborted(joined.made, signal);
    } finally {
      if (--joined.waiting === 0 && signal?.aborted) {
        joined.end(signal.reason);
        await joined.made.catch(() => {}); // The last caller rejects once nothing is left to run.
      }
    }
  };
}

interface Making<T> {
  readonly made: Promise<T>;
  waiting: number;
  end(reason: unknown): void;
}
