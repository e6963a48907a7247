import { ConfigurationError, isOf } from "../errors.ts";

/** Number of first errors of a call that are kept, and of last errors. */
const maxErrors = 10;

/** Returns the errors with one more: beyond 20 of them, the first and the last 10. */
export function withError(errors: readonly unknown[], error: unknown): readonly unknown[] {
  if (errors.length < 2 * maxErrors) return [...errors, error];
  return [...errors.slice(0, maxErrors), ...errors.slice(maxErrors + 1), error];
}

/** Returns the errors with the one that the user's `isRetriable` threw about the last of them. */
export function withThrown(errors: readonly unknown[], thrown: unknown): readonly unknown[] {
  // Thrown if it returned no boolean; listed first.
  return isOf(thrown, ConfigurationError) ? [thrown, ...errors] : withError(errors, thrown);
}
