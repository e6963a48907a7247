import { nextMacrotask, Yielder } from "../../runtime/macrotask.ts";
import { mapAll } from "./map-all.ts";
import type { ThreadFunction } from "./options.ts";
import type { Mapped } from "./results.ts";

/** Maps items where there are no threads, with pauses in which the signal may abort. */
export async function mapInline(
  fn: ThreadFunction,
  items: readonly unknown[],
  signal: AbortSignal,
): Promise<Mapped> {
  signal.throwIfAborted();
  const results = new Array<unknown>(items.length);
  const failures = new Map<number, unknown>();
  const pace = new Yielder();
  await mapAll(fn, items, {
    put: (index, result) => void (results[index] = result),
    fail: (index, error) => void failures.set(index, error),
    next: () => pace.isDue() ? nextMacrotask().then(() => signal.throwIfAborted()) : undefined,
  });
  return { results, failures };
}
