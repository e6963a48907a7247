import { fail } from "../options.ts";
import { isMany } from "../streams/many-mark.ts";
import type { Transformed, TransformedBatch } from "./pipeline.ts";

/**
 * Returns the results of `transformBatch` for a batch of this size. They are copied, as the user
 * may keep using the original array.
 *
 * @throws {ConfigurationError} If it is neither one entry for each item nor a whole batch.
 */
export function batchResults<T>(
  name: string,
  given: TransformedBatch<T>,
  size: number,
): readonly Transformed<T>[] {
  const results = (isMany(given) ? given.share(size) : given) as readonly Transformed<T>[];
  if (Array.isArray(results) && results.length === size) return [...results]; // It may have holes.
  const rule = `a function that returns an array of ${size}, one entry for each item ` +
    "('many(rows)' for several rows, 'skip' for none), or 'wholeBatch(rows)' for rows of no single item";
  return fail(`run pipeline "${name}"`, "transformBatch", rule, given);
}
