import { checkLookup, type LookupOptions } from "./lookup-options.ts";
import { LookupReader } from "./lookup-reader.ts";
import { type Operator, reading } from "./operator.ts";

/**
 * Pairs of each item and what was found for its key, in the order of the items; `undefined` where
 * nothing was. Keys that are not in the cache are gathered, over as many items as it takes, and loaded
 * together: one call at a time, for `batchSize` of them. A call has fewer where the source ends or
 * fails, where `timeout` is up, or where `maxWaiting` items wait.
 *
 * @example Orders with their users
 * ```ts
 * import { lookup, map, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const names = new Map([[1, "Ada"], [2, "Bob"]]); // In practice, a query with `where id = any($1)`.
 * const orders = [{ user: 1 }, { user: 2 }, { user: 1 }, { user: 9 }];
 * const found = pipe(
 *   orders,
 *   lookup({
 *     key: ({ user }) => user,
 *     load: async (ids: number[]) => ids.flatMap((id) => [...names].filter(([n]) => n === id)),
 *   }),
 *   map(([, name]) => name),
 * );
 * deepEqual(await Array.fromAsync(streamOf(found)), ["Ada", "Bob", "Ada", undefined]);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule; while items are read, if
 * `key` gives a promise, or `load` no pairs.
 */
export function lookup<I, K, V>(
  options: LookupOptions<I, K, V>,
): Operator<I, [item: I, found: V | undefined]> {
  const settings = checkLookup(options);
  return reading((input) => new LookupReader(input, settings));
}
