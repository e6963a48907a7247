import { fail } from "../../options.ts";
import { isOfSql, prepare, type SqliteDatabase } from "./database.ts";
import { Inserter } from "./inserter.ts";
import { foldCase, quoted, quotedList } from "./names.ts";
import { checkKey, type SqliteSinkSettings } from "./sink-options.ts";

/** A column of a table, as SQLite tells of it. */
interface ColumnFacts {
  readonly name: string;
  /** Its place in the primary key, from 1; else 0. */
  readonly pk: bigint;
  /** 0 for a usual one, 1 for one that has to be named to be seen, 2 and 3 for a generated one. */
  readonly hidden: bigint;
}

const factsSql = "select name, pk, hidden from pragma_table_xinfo(?)";
const rowIds = ["rowid", "oid", "_rowid_"]; // Names of a column that is not in the list.

/** The table of a sink, whose columns and keys are looked up for each run, and after each failure. */
export class Table {
  readonly #db: SqliteDatabase;
  readonly #settings: SqliteSinkSettings;
  #inserter: Inserter | undefined;
  #runId: string | undefined; // The one that it was looked up for.

  /** Asks for nothing yet: the table may be made later. */
  constructor(db: SqliteDatabase, settings: SqliteSinkSettings) {
    this.#db = db;
    this.#settings = settings;
  }

  /**
   * What writes the rows of a run.
   * @throws {ConfigurationError} If the table, a column or an index is missing, so that no row fits.
   */
  inserterFor(runId: string): Inserter {
    if (this.#inserter !== undefined && this.#runId === runId) return this.#inserter;
    const [columns, head, tail] = this.#look();
    const inserter = new Inserter(this.#db, columns, head, tail);
    this.#prepareFirst(inserter);
    this.#runId = runId;
    // Statements are kept where they have stayed the same.
    if (!this.#inserter?.isLike(inserter)) this.#inserter = inserter;
    return this.#inserter!;
  }

  /**
   * Takes that a load has failed; the next one looks again.
   * @throws {ConfigurationError} If the reason is that the table was changed, so that no row fits.
   */
  failed(error: unknown, runId: string): void {
    this.#runId = undefined;
    if (isOfSql(error)) this.inserterFor(runId);
  }

  #look(): [columns: readonly string[], head: string, tail: string] {
    const { table, columns: given } = this.#settings;
    const facts = prepare(this.#db, factsSql).all(table) as ColumnFacts[];
    if (facts.length === 0) fail("load rows", "table", "a table that is there", table);
    const columns = given ?? facts.filter(({ hidden }) => Number(hidden) === 0).map(nameOf);
    for (const column of columns) this.#check(column, facts);
    const head = `insert into ${quoted(table)} (${quotedList(columns)}) values `;
    return [columns, head, this.#resolution(columns, facts)];
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

  #resolution(columns: readonly string[], facts: readonly ColumnFacts[]): string {
    const { conflict, key = this.#primaryKey(columns, facts) } = this.#settings;
    if (conflict === "error") return "";
    checkKey("load rows", columns, key);
    const target = key.length > 0 ? ` on conflict (${quotedList(key)})` : " on conflict";
    if (conflict === "ignore") return `${target} do nothing`;
    const folded = key.map(foldCase);
    const others = columns.filter((column) => !folded.includes(foldCase(column)));
    const updates = others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
    return `${target} do ${updates.length > 0 ? `update set ${updates.join(", ")}` : "nothing"}`;
  }

  #primaryKey(columns: readonly string[], facts: readonly ColumnFacts[]): readonly string[] {
    const { table, conflict } = this.#settings;
    if (conflict !== "replace") return [];
    const key = facts.filter(({ pk }) => Number(pk) > 0).map(nameOf);
    const action = `load into table ${JSON.stringify(table)}`;
    if (key.length === 0) fail(action, "key", "given, as it has no primary key", undefined);
    checkKey(action, columns, key);
    return key;
  }

  /** SQLite compares a statement with the table when it is prepared, views and triggers included. */
  #prepareFirst(inserter: Inserter): void {
    try {
      inserter.prepareOne();
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

function nameOf({ name }: ColumnFacts): string {
  return name;
}
