import {
  callable,
  checkOptions,
  fail,
  type OptionTable,
  positive,
  positiveIntegerOrInfinity,
} from "../../plain-options.ts";
import { refusePromise } from "./call-options.ts";
import { type Operator, staged } from "./operator.ts";
import type { Stage } from "./stage.ts";

/** Options of `distinct`. At least one of `max` and `ttl` is required. */
export interface DistinctOptions<I> {
  /**
   * Returns the key of an item. Items with the same key are duplicates. Keys are compared as in a `Map`,
   * objects by identity, so return a string or a number.
   * @default {the item}
   */
  readonly by?: ((item: I) => unknown) | undefined;
  /**
   * Maximum number of remembered keys, a positive integer or `Infinity`. Beyond it, the oldest key is
   * forgotten, and its item passes again.
   * @default {Infinity}, if `ttl` is given
   */
  readonly max?: number | undefined;
  /**
   * Milliseconds for which a key is remembered after its item has passed. The result then depends on
   * time.
   * @default {Infinity}, if `max` is given
   */
  readonly ttl?: number | undefined;
}

const distinctOptions: OptionTable<DistinctOptions<never>> = {
  by: [callable],
  max: [positiveIntegerOrInfinity],
  ttl: [positive],
};

/**
 * Yields each item once: drops items whose key was seen before. It remembers the last `max` keys, or
 * those of the last `ttl` milliseconds.
 *
 * @example
 * ```ts
 * import { distinct, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const words = ["tea", "Tea", "jam"];
 * const different = pipe(words, distinct({ by: (word) => word.toLowerCase(), max: 1_000 }));
 * deepEqual(await Array.fromAsync(streamOf(different)), ["tea", "jam"]);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule; while items are read, if `by`
 *   returns a promise.
 */
export function distinct<I>(options: DistinctOptions<I>): Operator<I, I> {
  const action = "construct distinct";
  const { by, max, ttl } = checkOptions<DistinctOptions<never>, "by" | "max" | "ttl">(
    action,
    options as DistinctOptions<never>,
    distinctOptions,
  );
  if (max === undefined && ttl === undefined) {
    fail(action, "max", "given if 'ttl' is not (Infinity means no limit)", max);
  }
  const keyOf = by as DistinctOptions<I>["by"];
  return staged(
    () => new DistinctStage<I>(keyOf, max ?? Infinity, ttl ?? Infinity),
    ttl === undefined
      ? { what: "distinct", by: "state" }
      : { what: "distinct({ ttl })", by: "time" },
  );
}

class DistinctStage<I> implements Stage<I, I> {
  readonly isSieve = true;
  readonly #by: ((item: I) => unknown) | undefined;
  readonly #max: number;
  readonly #ttl: number;
  readonly #known = new Map<unknown, number>(); // When each was met; the oldest ones first.

  constructor(by: ((item: I) => unknown) | undefined, max: number, ttl: number) {
    this.#by = by;
    this.#max = max;
    this.#ttl = ttl;
  }

  push(items: readonly I[], out: I[]): void {
    const by = this.#by;
    const known = this.#known;
    const now = this.#ttl === Infinity ? 0 : this.#forget();
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      const key = by === undefined ? item : by(item);
      if (by !== undefined) refusePromise("tell items apart", "by", key);
      if (known.has(key)) continue;
      if (known.size >= this.#max) known.delete(known.keys().next().value);
      known.set(key, now);
      out.push(item);
    }
  }

  /** Forgets expired keys, and returns the time. */
  #forget(): number {
    const now = performance.now();
    for (const [key, since] of this.#known) {
      if (now - since < this.#ttl) break;
      this.#known.delete(key);
    }
    return now;
  }
}
