import { fail } from "../../options.ts";
import type { TableSettings } from "../../sql/tables-options.ts";
import { isOfSql, prepare, type SqliteDatabase } from "./client.ts";
import { KnownTable } from "./known-table.ts";
import { type ColumnFacts, factsSql, shapeOf } from "../../sql/sqlite/table-shape.ts";

/** Writes the rows of a sink: its table is looked up for each run, and after each failure. */
export class Writer {
  readonly #db: SqliteDatabase;
  readonly #settings: TableSettings;
  #table: KnownTable | undefined;
  #runId: string | undefined; // The one that it was looked up for.

  /** Asks for nothing yet: the table may be made later. */
  constructor(db: SqliteDatabase, settings: TableSettings) {
    this.#db = db;
    this.#settings = settings;
  }

  /**
   * The table for the rows of a run.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  tableFor(runId: string): KnownTable {
    if (this.#table !== undefined && this.#runId === runId) return this.#table;
    const table = this.#look();
    this.#prepareFirst(table);
    this.#runId = runId;
    // Statements are kept where they have stayed the same.
    if (!this.#table?.isLike(table)) this.#table = table;
    return this.#table!;
  }

  /**
   * Notes that a load has failed; the next one looks the table up again.
   * @throws {ConfigurationError} If the reason is that the table was changed, so that no row fits.
   */
  failed(error: unknown, runId: string): void {
    this.forget();
    if (isOfSql(error)) this.tableFor(runId);
  }

  /** Looks again for the next load. */
  forget(): void {
    this.#runId = undefined;
  }

  #look(): KnownTable {
    const facts = prepare(this.#db, factsSql).all(this.#settings.table) as ColumnFacts[];
    return new KnownTable(this.#db, shapeOf(this.#settings, facts));
  }

  /** SQLite compares a statement with the table when it is prepared, views and triggers included. */
  #prepareFirst(known: KnownTable): void {
    try {
      known.prepareOne();
    } catch (error) {
      if (!isOfSql(error)) throw error;
      const { table, key } = this.#settings;
      const { message } = error as Error;
      if (key !== undefined && message.includes("ON CONFLICT")) {
        const rule = `the columns of a primary key or a unique index of ${JSON.stringify(table)}`;
        fail("load rows", "key", rule, key.join(", "));
      }
      fail("load rows", "table", `one that accepts these columns (${message})`, table);
    }
  }
}
