import { whileWaiting } from "./waiting.ts";

/** Where the last turn of a connection is kept: all sinks and sources of it have to see the same. */
const lastTurn: unique symbol = Symbol.for("millrace.lastTurn") as typeof lastTurn;

/**
 * Runs `use` once everything that was begun before on the same connection has settled; not at all if
 * the signal aborts before.
 */
export function takeTurns<T>(
  owner: object & { [lastTurn]?: Promise<unknown> },
  use: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return whileWaiting((onBegin) => {
    const turn = (owner[lastTurn] ?? Promise.resolve()).then(() => {
      onBegin();
      return use();
    });
    const settled = turn.then(() => {}, () => {}); // Whoever took the turn is told.
    Object.defineProperty(owner, lastTurn, { value: settled, configurable: true, writable: true });
    return turn;
  }, signal);
}
