/** The rows of a batch, and which of its items each is of: the arguments of `Rows`. */
export interface ExpandedRows {
  /** The rows, in the order of their items. */
  readonly values: readonly unknown[];
  /** The item of each row; or where rows are shared, all items that have any. */
  readonly items: readonly number[];
  /** Number of items that have rows. */
  readonly itemCount: number;
  /** If true, each row belongs to one item. */
  readonly isDivisible: boolean;
}

/** Rows in the place of one, as they are found among the results of a transform. */
export interface InPlace {
  /** The rows. */
  readonly rows: readonly unknown[];
  /** Of what they are: `"shared"` by the neighbors in whose place the same object stands. */
  readonly of: "item" | "batch" | "shared";
  /** Results for the items of a batch that share these rows, where they are those of a batch. */
  share(size: number): InPlace[] | undefined;
  /** The rows of all results, of which this one is among them. */
  expand(results: readonly unknown[]): ExpandedRows;
}

/**
 * Value of `then` on rows that stand in the place of one, in every copy of this package. It finds
 * them where a look for a promise is taken anyway; as it is no function, they are none.
 */
export const manyMark: unique symbol = Symbol.for("millrace.many") as typeof manyMark;

/** Tells rows in the place of one from a row. */
export function isMany(result: unknown): result is InPlace {
  // JavaScriptCore takes 20 ns to look for a property of a number.
  return typeof result === "object" && (result as { then?: unknown } | null)?.then === manyMark;
}
