/** Where the last turn of a connection is kept: all sinks of it have to see the same. */
const lastTurn: unique symbol = Symbol.for("millrace.lastTurn") as typeof lastTurn;

/**
 * Runs `use` once everything that was begun before on the same connection has settled. It rejects at
 * once if the signal aborts before, and `use` is then never run.
 */
export function takeTurns<T>(
  connection: object & { [lastTurn]?: Promise<unknown> },
  use: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal!.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const turn = (connection[lastTurn] ?? Promise.resolve()).then(() => {
      signal?.removeEventListener("abort", stop);
      signal?.throwIfAborted();
      return use();
    });
    turn.then(resolve, reject);
    const value = turn.then(() => {}, () => {}); // Whoever took the turn is told.
    Object.defineProperty(connection, lastTurn, { value, configurable: true, writable: true });
  });
}

/** What something gives, unless a signal aborts before: it rejects then, and nobody waits any more. */
export function heeding<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
