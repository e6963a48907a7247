/**
 * Destinations of batches: one table, or several that are written in one commit.
 * @module
 */
import type { CountedSession, Database } from "./database.ts";

/** Destination of batches, as it was when it was looked up. */
export interface Destination {
  /** Returns true if nothing of it has changed. */
  isCurrent(signal: AbortSignal): Promise<boolean>;
  /**
   * Checks a batch; sends nothing of it.
   * @throws {ConfigurationError} If no batch can be loaded, whatever is in its rows.
   * @throws {BatchError} If a value would not arrive as it is, or no column takes it.
   */
  read(rows: readonly object[], signal?: AbortSignal): Promise<CheckedBatch>;
}

/** A batch that was checked. */
export interface CheckedBatch {
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** It changes the table, so that the known facts about it are old. */
  readonly isGrowing?: boolean;
  /** Sends it, in the transaction of the session, which counts its rows. */
  send(session: CountedSession): Promise<void>;
  /** The table of a right that no row has anything to do with, if a load has failed by that. */
  lacksRight(error: unknown): string | undefined;
  /** Finds the rows that a table would reject individually, by their place in the batch. */
  badRows(database: Database): Promise<Map<number, Error>>;
}
