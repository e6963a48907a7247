import {
  checkOptions,
  fail,
  finitePositive,
  type OptionTable,
  positiveInteger,
  type Rule,
} from "../../options.ts";
import { withoutEnd } from "../../sql/statement.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { database, prepare, type SqliteDatabase, type SqliteValue } from "./client.ts";
import { keyOfJson, type SqliteKey } from "./key-json.ts";
import { name } from "../../sql/sqlite/names.ts";
import { keyedPages, lower, narrowed, type SqliteQuery, type SqliteRow } from "./source-pages.ts";

export type { SqliteRow } from "./source-pages.ts";

/** Options for reading a query. */
export interface SqliteSourceOptions {
  /**
   * Number of rows in a page.
   *
   * @default {1000}
   */
  readonly chunkSize?: number | undefined;
  /**
   * A column of the result, unique and never `NULL`, preferably with an index. With it, each page is its
   * own query, in the order of the key, and nothing stays open between two pages.
   */
  readonly key?: string | undefined;
  /**
   * The position at which an earlier read ended: only rows whose key is above it are read. `undefined`
   * and `null` read all rows. Needs `key`.
   */
  readonly after?: SqliteValue | SqliteKey | undefined;
  /**
   * The last key to read, such as the end of a range of `splitByKey`. A key that is `NULL` is then not
   * detected. Without it, or with `null`, all rows to the end are read. Needs `key`.
   */
  readonly upTo?: SqliteValue | SqliteKey | undefined;
  /**
   * Distance below `after` from which rows are read again: a number above 0. `after` must be a number.
   * Needs `after`. The sink must accept rows twice.
   */
  readonly lag?: number | undefined;
}

const action = "construct sqliteSource";

const value: Rule = {
  expected: "a value of SQLite: null, a number, a bigint, a string or a Uint8Array",
  test: (value) =>
    value === null || ["number", "bigint", "string"].includes(typeof value) ||
    value instanceof Uint8Array || keyOfJson(value) !== undefined,
};

const table: OptionTable<SqliteSourceOptions> = {
  chunkSize: [positiveInteger, 1000],
  key: [name],
  after: [value],
  upTo: [value],
  lag: [finitePositive],
};

/**
 * Reads the rows of a query in pages: a source for `extract`, which each run reads again. Each `?` of the
 * query stands for one of the values in `params`.
 *
 * Without `key` the query stays open until it is read to its end or cancelled. Use that on a connection
 * that does nothing else until then: better-sqlite3 rejects writes on it, and with the other clients a
 * query may or may not see rows that are written into its tables.
 *
 * With `key` the connection is free between two pages, so the sink may use the same one. Use `key` also
 * if the run may be resumed, as the order is then always the same. Leave `order by` and `limit` out of
 * the query, or each page sorts everything again. The database compares the keys. A key that is `NULL` or
 * equal to another one fails the read with a `ConfigurationError`.
 *
 * On some runtimes, `node:sqlite` cuts a string at a NUL character.
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
 *     sqliteSource<{ id: number; name: string }>(db, "select * from users", [], {
 *       chunkSize: 2,
 *       key: "id",
 *       after: 1,
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
  if (!database.test(db)) fail(action, "db", database.expected, db);
  if (typeof sql !== "string") fail(action, "sql", "a query", sql);
  if (!Array.isArray(params)) fail(action, "params", "an array of values", params);
  const checked = checkOptions<SqliteSourceOptions, "key" | "after" | "upTo" | "lag">(
    action,
    options,
    table,
  );
  const { chunkSize, key, lag } = checked;
  for (const name of ["after", "upTo", "lag"] as const) {
    if (key !== undefined || options[name] === undefined) continue;
    fail(action, name, "omitted without 'key'", options[name]);
  }
  if (lag !== undefined && !Object.hasOwn(options, "after")) {
    fail(action, "lag", "omitted without 'after'", lag);
  }
  const after = lower(action, valueOf(checked.after), lag);
  const upTo = valueOf(checked.upTo);
  const query = { db, sql: withoutEnd(sql), params: [...params], chunkSize, upTo };
  const pages = () => key === undefined ? openPages(query) : keyedPages(query, key, after);
  return chunks({ [Symbol.iterator]: pages as () => Iterator<Row[]> });
}

function valueOf(given: SqliteValue | SqliteKey | undefined): SqliteValue | undefined {
  return keyOfJson(given) ?? (given as SqliteValue) ?? undefined;
}

/** Pages of one query that stays open. Ending the loop early closes it. */
function* openPages({ db, sql, params, chunkSize }: SqliteQuery): Generator<SqliteRow[]> {
  const statement = prepare(db, sql);
  if (statement.iterate === undefined) {
    fail(action, "key", "given, as this client cannot iterate", undefined);
  }
  let page: SqliteRow[] = [];
  for (const row of statement.iterate(...params)) {
    if (page.push(narrowed(row as SqliteRow)) < chunkSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
