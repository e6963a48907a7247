import { checkOptions, type OptionTable, positiveInteger, refuse } from "../../options.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { database, prepare, type SqliteDatabase, type SqliteValue } from "./database.ts";
import { name, quoted } from "./names.ts";

/** A row as it is read: an integer that no number can hold is a bigint. */
export type SqliteRow = Record<string, SqliteValue>;

/** How a query is read. */
export interface SqliteSourceOptions {
  /**
   * Rows of a page.
   *
   * @default {1000}
   */
  readonly chunkSize?: number | undefined;
  /**
   * A column of the result, unique and never `NULL`, best with an index. With it each page is a query
   * of its own, in the order of the key; nothing stays open between two pages.
   */
  readonly key?: string | undefined;
}

const action = "construct sqliteSource";
const table: OptionTable<SqliteSourceOptions> = { chunkSize: [positiveInteger, 1000], key: [name] };

/** A query, ready to be read. */
interface Query {
  readonly db: SqliteDatabase;
  readonly sql: string;
  readonly params: readonly SqliteValue[];
  readonly chunkSize: number;
}

/**
 * Reads the rows of a query in pages: a source for `extract`, which is read anew by each run. Each `?`
 * of the query stands for one of the values of `params`.
 *
 * Without `key` the query is open until it is read to its end or cancelled. That is right for a
 * connection that does nothing else meanwhile: better-sqlite3 then refuses to write on it, and with
 * the other clients a query may or may not see rows that are written into its tables.
 *
 * With `key` the connection is free between two pages, so the sink may have the same one. Use it also
 * where the run may be resumed, as the order is then always the same. Leave `order by` and `limit`
 * out of the query, or each page sorts everything again.
 *
 * A string with a NUL character is cut there by `node:sqlite` on some runtimes.
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 *
 * @example Pages of two
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { etl } from "millrace";
 * import { sqliteSource } from "millrace/sqlite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec("create table users (id integer primary key, name text)");
 * db.exec("insert into users values (1, 'Ada'), (2, 'Grace'), (3, 'Edsger')");
 * const loaded: unknown[] = [];
 * await etl({
 *   name: "users",
 *   extract: () =>
 *     sqliteSource<{ id: number; name: string }>(db, "select * from users where id > ?", [1], {
 *       chunkSize: 2,
 *       key: "id",
 *     }),
 *   transform: ({ name }) => name,
 *   load: (names) => loaded.push(...names),
 * }).run();
 * deepEqual(loaded, ["Grace", "Edsger"]);
 * ```
 */
export function sqliteSource<Row = SqliteRow>(
  db: SqliteDatabase,
  sql: string,
  params: readonly SqliteValue[] = [],
  options: SqliteSourceOptions = {},
): Chunks<Row> {
  if (!database.holds(db)) refuse(action, "db", database.words, db);
  if (typeof sql !== "string") refuse(action, "sql", "a query", sql);
  if (!Array.isArray(params)) refuse(action, "params", "an array of values", params);
  const { chunkSize, key } = checkOptions<SqliteSourceOptions, "key">(action, options, table);
  const query = { db, sql, params: [...params], chunkSize };
  const pages = () => key === undefined ? openPages(query) : keyedPages(query, key);
  return chunks({ [Symbol.iterator]: pages as () => Iterator<Row[]> });
}

/** Pages of one query that stays open. Ending the loop early closes it. */
function* openPages({ db, sql, params, chunkSize }: Query): Generator<SqliteRow[]> {
  const statement = prepare(db, sql);
  if (statement.iterate === undefined) {
    refuse(action, "key", "given, as this client cannot iterate", undefined);
  }
  let page: SqliteRow[] = [];
  for (const row of statement.iterate(...params)) {
    if (page.push(narrowed(row as SqliteRow)) < chunkSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Pages that begin after the last key of the one before. */
function* keyedPages({ db, sql, params, chunkSize }: Query, key: string): Generator<SqliteRow[]> {
  // With a table before it, an unknown name in quotes is an error, and not taken for a text.
  const column = `page.${quoted(key)}`;
  const all = `select * from (${sql.replace(/[\s;]+$/, "")}\n) as page`;
  const order = `order by ${column} limit ?`;
  const first = prepare(db, `${all} ${order}`);
  const next = prepare(db, `${all} where ${column} > ? ${order}`);
  let rows = first.all(...params, chunkSize + 1) as SqliteRow[];
  while (rows.length > 0) {
    const following = rows.length > chunkSize ? narrowed(rows.pop()!) : undefined;
    rows.forEach(narrowed);
    const last = rows.at(-1)![key] as SqliteValue; // If the first row has one.
    // NULL comes first and is above nothing; of equal keys the next page would leave some out.
    if (rows[0]![key] == null || last === following?.[key]) {
      refuse("read pages", "key", "a column of the result, unique and never NULL", key);
    }
    yield rows;
    if (following === undefined) return;
    rows = next.all(...params, last, chunkSize + 1) as SqliteRow[];
  }
}

/** The row with numbers in place of the bigints that a number can hold. Integers come as bigints. */
function narrowed(row: SqliteRow): SqliteRow {
  for (const column in row) {
    const value = row[column];
    if (typeof value !== "bigint") continue;
    const number = Number(value);
    if (Number.isSafeInteger(number)) row[column] = number;
  }
  return row;
}
