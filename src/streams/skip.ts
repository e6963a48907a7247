/**
 * Result of a transform for an item without output. `undefined` is a value like any other.
 *
 * @example Only the even ones
 * ```ts
 * import { ParallelMapStream, skip } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const even = new ParallelMapStream((n: number) => (n % 2 === 0 ? n : skip));
 * deepEqual(await Array.fromAsync(ReadableStream.from([1, 2, 3, 4]).pipeThrough(even)), [2, 4]);
 * ```
 */
export const skip: unique symbol = Symbol.for("millrace.skip") as typeof skip;

/** Returns the results without those that are `skip`; the same array if there are none. */
export function withoutSkips<O>(results: readonly (O | typeof skip)[]): O[] {
  return (results.includes(skip) ? results.filter((result) => result !== skip) : results) as O[];
}
