import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import type { Written } from "../../sql/written.ts";

/** Rows that were checked, to be written within a transaction. */
export interface Checked {
  /** Writes the rows; called again if the transaction was rolled back. */
  write(): Promise<void>;
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Outcome of the rows once they were written. */
  readonly written: Written;
}

/** Checks and writes rows for a sink. */
export interface Loader {
  /** Checks rows of a run, and writes nothing. */
  check(rows: readonly object[], context: SinkLoadContext): Promise<Checked>;
  /** Notes that a load has failed. */
  failed(error: unknown, runId: string): Promise<void>;
}
