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

/** The transaction that includes the mark of the batch. It can be used until the function has returned. */
export interface PostgresTransaction {
  /**
   * Writes rows into a table as a sink of that table does: it checks them, looks up columns and types,
   * and uses as few statements as possible.
   *
   * @throws {ConfigurationError} If an option breaks its rule, or no row can be loaded.
   */
  insert(
    table: string,
    rows: readonly object[],
    options?: PostgresTableOptions & { readonly schema?: string },
  ): Promise<void>;
  /**
   * Runs a statement with its values bound as `$1`, `$2` and so on; returns its rows as the client reads
   * them.
   */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Writes a batch in a transaction. */
export type PostgresWrite<Rows extends object = object> = (
  tx: PostgresTransaction,
  rows: readonly Rows[],
  context: LoadContext,
) => unknown;

/** Options of a sink whose function writes rows, in the transaction that also includes their mark. */
export interface PostgresWriteOptions<Rows extends object = object>
  extends Pick<PostgresSinkOptions, "schema" | "copyFrom"> {
  /**
   * Writes the rows of a batch by any statements. Once it has returned, they are committed with the mark.
   * If it fails, or has caught the failure of a statement, nothing is committed.
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
