import type { ColumnFacts, TableShape } from "../../sql/sqlite/table-shape.ts";

/** A table as it was when it was looked up. */
export interface KnownTable {
  readonly name: string;
  readonly shape: TableShape;
  readonly facts: readonly ColumnFacts[];
  /** A name of the number that each row has by itself, if rows have one. */
  readonly rowId: string | undefined;
  /** The database has tables whose numbers are never given twice. */
  readonly hasSequences: boolean;
  /** True if each column has a type, and rejects other values. */
  readonly isStrict: boolean;
}
