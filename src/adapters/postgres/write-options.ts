import {
  callable,
  checkOptions,
  type Complete,
  nonEmptyString,
  type OptionTable,
} from "../../options.ts";
import type { LoadContext } from "../../pipeline/pipeline.ts";
import type { Row } from "./database.ts";
import type { PostgresSinkOptions, PostgresTableOptions } from "./sink-options.ts";

/** A transaction that also holds the mark of the batch; of use until the function has returned. */
export interface PostgresTransaction {
  /**
   * Writes rows into a table as a sink of that table would: checked, with its columns and types
   * looked up, in as few statements as can be.
   *
   * @throws {ConfigurationError} If an option breaks its rule, or no row can be loaded.
   */
  insert(
    table: string,
    rows: readonly object[],
    options?: PostgresTableOptions & { readonly schema?: string },
  ): Promise<void>;
  /** Runs a statement with its values bound as `$1`, `$2` and so on; gives its rows as the client does. */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Writes a batch in a transaction. */
export type PostgresWrite<Rows extends object = object> = (
  tx: PostgresTransaction,
  rows: readonly Rows[],
  context: LoadContext,
) => unknown;

/** Options of a sink whose function writes rows, in the transaction that also holds their mark. */
export interface PostgresWriteOptions<Rows extends object = object>
  extends Pick<PostgresSinkOptions, "schema" | "copyFrom"> {
  /**
   * Writes the rows of a batch by any statements. Once it has returned they are committed, with the
   * mark; where it fails, or has caught the failure of a statement, nothing is.
   */
  write: PostgresWrite<Rows>;
}

const writeOptions: OptionTable<PostgresWriteOptions> = {
  write: [callable],
  schema: [nonEmptyString],
  copyFrom: [callable],
};

/** @throws {ConfigurationError} If an option is unknown or breaks its rule. */
export function checkWriteOptions(
  action: string,
  options: PostgresWriteOptions,
): Complete<PostgresWriteOptions, "schema" | "copyFrom"> {
  return checkOptions<PostgresWriteOptions, "schema" | "copyFrom">(action, options, writeOptions);
}
