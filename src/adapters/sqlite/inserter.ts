import { refuse } from "../../options.ts";
import {
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  type SqliteValue,
} from "./database.ts";
import { foldCase, quoted, quotedList } from "./names.ts";
import { checkKey, type SqliteSinkSettings } from "./sink-options.ts";

/** How many rows a statement takes at most; more of them make it no faster. */
const maxRows = 100;
/** How many values a statement takes at most: far below what any build of SQLite allows. */
const maxValues = 2_000;

/** Writes rows by prepared statements of many rows each; what remains goes by smaller ones. */
export class Inserter {
  readonly #db: SqliteDatabase;
  readonly #settings: SqliteSinkSettings;
  readonly #sizes: readonly number[];
  readonly #statements = new Map<number, SqliteStatement>();
  #conflictClause: string | undefined;

  /** Prepares nothing yet: the table may be made later. */
  constructor(db: SqliteDatabase, settings: SqliteSinkSettings) {
    this.#db = db;
    this.#settings = settings;
    const fitting = Math.floor(maxValues / settings.columns.length);
    const largest = Math.max(1, Math.min(maxRows, fitting));
    this.#sizes = [...new Set([largest, Math.min(largest, 10), 1])];
  }

  /** Writes the values of any number of rows. */
  insert(values: SqliteValue[]): void {
    const width = this.#settings.columns.length;
    let next = 0;
    for (const size of this.#sizes) {
      const step = size * width;
      if (values.length - next < step) continue; // It may never be needed.
      const statement = this.#statementOf(size);
      for (; values.length - next >= step; next += step) {
        statement.run(...values.slice(next, next + step));
      }
    }
  }

  #statementOf(size: number): SqliteStatement {
    let statement = this.#statements.get(size);
    if (statement === undefined) {
      statement = prepare(this.#db, this.#sqlOf(size));
      this.#statements.set(size, statement);
    }
    return statement;
  }

  #sqlOf(size: number): string {
    const { table, columns } = this.#settings;
    const row = `(${columns.map(() => "?").join(", ")})`;
    const rows = Array.from({ length: size }, () => row).join(", ");
    this.#conflictClause ??= this.#resolution();
    const target = `${quoted(table)} (${quotedList(columns)})`;
    return `insert into ${target} values ${rows}${this.#conflictClause}`;
  }

  #resolution(): string {
    const { columns, conflict, key = this.#primaryKey() } = this.#settings;
    if (conflict === "error") return "";
    const target = key.length > 0 ? ` on conflict (${quotedList(key)})` : " on conflict";
    if (conflict === "ignore") return `${target} do nothing`;
    const folded = key.map(foldCase);
    const others = columns.filter((column) => !folded.includes(foldCase(column)));
    const updates = others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
    const action = updates.length > 0 ? `update set ${updates.join(", ")}` : "nothing";
    return `${target} do ${action}`;
  }

  #primaryKey(): readonly string[] {
    const { table, columns, conflict } = this.#settings;
    if (conflict !== "replace") return [];
    prepare(this.#db, `select 1 from ${quoted(table)}`); // Says so if there is no such table.
    const sql = "select name from pragma_table_info(?) where pk > 0";
    const rows = prepare(this.#db, sql).all(table) as { name: string }[];
    const key = rows.map(({ name }) => name);
    const action = `load into table ${JSON.stringify(table)}`;
    if (key.length === 0) refuse(action, "key", "given, as it has no primary key", undefined);
    checkKey(action, columns, key);
    return key;
  }
}
