import { checkLookup, type LookupOptions } from "./lookup-options.ts";
import { LookupReader } from "./lookup-reader.ts";
import { type Operator, reading } from "./operator.ts";

/**
 * Pairs each item with the value of its key, in the order of the items; `undefined` if there is no value.
 * Keys that are not cached are gathered over as many items as needed, and loaded together. One call is in
 * progress at a time, for `batchSize` keys. A call has fewer keys if the source ends or fails, `timeout`
 * has passed, or `maxWaiting` items wait.
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
 * @throws {ConfigurationError} If an option is unknown or breaks its rule; while items are read, if `key`
 *   returns a promise, or `load` returns no pairs.
 */
export function lookup<I, K, V>(
  options: LookupOptions<I, K, V>,
): Operator<I, [item: I, found: V | undefined]> {
  const settings = checkLookup(options);
  return reading((input) => new LookupReader(input, settings));
}
