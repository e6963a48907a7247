import { BatchError } from "../../errors.ts";

/** Outcome of the items of a call. */
export interface Mapped {
  /** The result of each item that has not failed. */
  readonly results: unknown[];
  /** The error of each item that has failed, in no order. */
  readonly failures: ReadonlyMap<number, unknown>;
}

/**
 * The results of all items, where none has failed.
 * @throws {BatchError} Which items have failed; or the error of the one item that there was.
 */
export function resultsOf({ results, failures }: Mapped): unknown[] {
  if (failures.size === 0) return results;
  if (results.length === 1) throw failures.get(0);
  throw new BatchError(new Map([...failures].sort(([a], [b]) => a - b)));
}

/** The items of a call that have not failed, with what they have become. */
interface Kept {
  readonly items: readonly unknown[];
  readonly results: readonly unknown[];
}

const MOST_KEPT = 64; // Of a run: batches whose rest was not asked for yet.

/**
 * The results of the sound items of batches that have failed: a run that gives up on the others asks
 * for them again, and need not wait for them to be computed twice. Kept as long as the run's signal is.
 */
export class KeptResults {
  readonly #ofRuns: WeakMap<AbortSignal, Kept[]> = new WeakMap();

  /** Keeps the results of the items that have not failed. */
  keep(signal: AbortSignal, items: readonly unknown[], { results, failures }: Mapped): void {
    if (failures.size === 0 || failures.size === items.length) return;
    const isSound = (_: unknown, index: number) => !failures.has(index);
    const list = this.#ofRuns.get(signal) ?? [];
    list.push({ items: items.filter(isSound), results: results.filter(isSound) });
    if (list.length > MOST_KEPT) list.shift();
    this.#ofRuns.set(signal, list);
  }

  /** The results of exactly these items, once. */
  take(signal: AbortSignal, items: readonly unknown[]): unknown[] | undefined {
    const list = this.#ofRuns.get(signal);
    const found = list?.findIndex((kept) => areSame(kept.items, items)) ?? -1;
    if (found < 0) return undefined;
    const [{ results }] = list!.splice(found, 1) as [Kept];
    return [...results];
  }
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length &&
    some.every((item, index) => Object.is(item, others[index]));
}
