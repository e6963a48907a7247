import { fail } from "../../options.ts";
import { checkKey } from "../../sql/sink-options.ts";
import type { TableSettings } from "../../sql/tables-options.ts";
import { isOfSql, prepare, type SqliteDatabase } from "./client.ts";
import type { Target } from "./insert.ts";
import { KnownTable } from "./known-table.ts";
import { foldCase } from "./names.ts";

/** A column of a table, as SQLite tells of it. */
interface ColumnFacts {
  readonly name: string;
  /** Its place in the primary key, from 1; else 0. */
  readonly pk: bigint;
  /** 0 for a usual one, 1 for one that has to be named to be seen, 2 and 3 for a generated one. */
  readonly hidden: bigint;
}

const factsSql = "select name, pk, hidden from pragma_table_xinfo(?)";
/** Names of a column that is not in the list of columns. */
export const rowIds: readonly string[] = ["rowid", "oid", "_rowid_"];

/** What a sink writes with: its table is looked up for each run, and after each failure. */
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
   * Takes that a load has failed; the next one looks again.
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
    const { table, columns: given, unknown } = this.#settings;
    const facts = prepare(this.#db, factsSql).all(table) as ColumnFacts[];
    if (facts.length === 0) fail("load rows", "table", "an existing table", table);
    const usual = facts.filter(({ hidden }) => Number(hidden) === 0).map(nameOf);
    const open = new Set(given !== undefined && unknown === "add" ? others(usual, given) : []);
    const columns = given === undefined ? usual : [...given, ...open];
    for (const column of columns) this.#check(column, facts);
    const fit = { needsAll: given !== undefined, open, unknown };
    const primaryKey = facts.filter(({ pk }) => Number(pk) > 0).map(nameOf);
    const target = this.#targetOf(columns, primaryKey);
    return new KnownTable(this.#db, target, columns, fit, primaryKey);
  }

  #check(column: string, facts: readonly ColumnFacts[]): void {
    const folded = foldCase(column);
    const found = facts.find(({ name }) => foldCase(name) === folded);
    if (found === undefined && rowIds.includes(folded)) return; // The statement shows it.
    const table = JSON.stringify(this.#settings.table);
    if (found === undefined) fail("load rows", "columns", `columns of table ${table}`, column);
    if (Number(found.hidden) > 1) {
      fail("load rows", "columns", `columns that table ${table} does not generate`, column);
    }
  }

  #targetOf(columns: readonly string[], primaryKey: readonly string[]): Target {
    const { table, conflict, key, missing } = this.#settings;
    if (key === undefined) {
      // The rows of a parent are replaced as a whole.
      if (missing !== undefined && primaryKey.length === 0) {
        return { table, conflict: "error", key: [] };
      }
      if (conflict === "replace") this.#checkPrimaryKey(columns, primaryKey);
      return { table, conflict, key: conflict === "replace" ? primaryKey : [] };
    }
    checkKey("load rows", columns, key, foldCase);
    return { table, conflict, key };
  }

  #checkPrimaryKey(columns: readonly string[], key: readonly string[]): void {
    const action = `load into table ${JSON.stringify(this.#settings.table)}`;
    if (key.length === 0) fail(action, "key", "given, as it has no primary key", undefined);
    checkKey(action, columns, key, foldCase);
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
      fail("load rows", "table", `one that takes these columns (${message})`, table);
    }
  }
}

/** Columns that are not given: earlier batches may have added them. */
function others(all: readonly string[], given: readonly string[]): string[] {
  const folded = given.map(foldCase);
  return all.filter((name) => !folded.includes(foldCase(name)));
}

function nameOf({ name }: ColumnFacts): string {
  return name;
}
