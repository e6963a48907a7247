import { nextMacrotask, Yielder } from "../../runtime/macrotask.ts";
import { onAbort } from "../../runtime/signals.ts";
import { mapAll } from "./map-all.ts";
import type { ThreadFunction } from "./options.ts";
import type { Mapped } from "./results.ts";

/**
 * Maps items where there are no threads, with pauses in which the signal may abort. It then begins no
 * further call, and rejects once none is running, so that a run has no call left when it is over.
 */
export async function mapInline(
  fn: ThreadFunction,
  items: readonly unknown[],
  signal: AbortSignal,
): Promise<Mapped> {
  signal.throwIfAborted();
  const results = new Array<unknown>(items.length);
  const failures = new Map<number, unknown>();
  const pace = new Yielder();
  const outcome = {
    put: (index: number, result: unknown) => void (results[index] = result),
    fail: (index: number, error: unknown) => void failures.set(index, error),
    next: () => pace.isDue() ? nextMacrotask() : undefined,
    isOver: false,
  };
  const unfollow = onAbort(signal, () => outcome.isOver = true); // A flag is cheap to look at.
  await mapAll(fn, items, outcome);
  unfollow();
  signal.throwIfAborted();
  return { results, failures };
}
