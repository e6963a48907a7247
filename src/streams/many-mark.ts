/** The rows of a batch, and the item of each: the arguments of `Rows`. */
export interface ExpandedRows {
  /** The rows, in the order of their items. */
  readonly values: readonly unknown[];
  /** The item of each row; if rows are shared, all items that have any. */
  readonly items: readonly number[];
  /** Number of items that have rows. */
  readonly itemCount: number;
  /** If true, each row belongs to one item. */
  readonly isDivisible: boolean;
}

/** Rows in place of a single one, as found among the results of a transform. */
export interface InPlace {
  /** The rows. */
  readonly rows: readonly unknown[];
  /** Owner of the rows: `"shared"` means the neighbouring items whose result is this same object. */
  readonly of: "item" | "batch" | "shared";
  /** Returns the results for the items of a batch that share these rows, if the rows are of a batch. */
  share(size: number): InPlace[] | undefined;
  /** Returns the rows of all results, including this one. */
  expand(results: readonly unknown[]): ExpandedRows;
}

/**
 * Value of `then` on rows in place of a single one, in every copy of this package. It is found by the
 * check for a promise that is made anyway. As it is not a function, the rows are not a promise.
 */
export const manyMark: unique symbol = Symbol.for("millrace.many") as typeof manyMark;

/** Returns true for rows in place of a single one. */
export function isMany(result: unknown): result is InPlace {
  // JavaScriptCore takes 20 ns to look up a property of a number.
  return typeof result === "object" && (result as { then?: unknown } | null)?.then === manyMark;
}
