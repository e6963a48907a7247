import { propertyOf } from "../../errors.ts";
import { fail, type Rule } from "../../options.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { SqliteValue } from "../../sql/sqlite/values.ts";

export type { SqliteValue };

/** The subset of a prepared statement that the adapter needs. All clients have it. */
export interface SqliteStatement {
  /** Runs the statement without returning its rows. */
  run(...values: SqliteValue[]): unknown;
  /** Returns the first row; if there is none, `undefined`, or `null` in `bun:sqlite`. */
  get(...values: SqliteValue[]): unknown;
  /** Returns all rows. */
  all(...values: SqliteValue[]): unknown[];
  /** Yields one row after the other. Old versions of `bun:sqlite` lack it. */
  iterate?(...values: SqliteValue[]): Iterable<unknown>;
  /** If true, the statement returns rows: better-sqlite3. */
  readonly reader?: boolean;
  /** Makes integers bigints: `node:sqlite`. */
  setReadBigInts?(isOn: boolean): unknown;
  /** Makes rows arrays: `node:sqlite`. */
  setReturnArrays?(isOn: boolean): unknown;
  /** Makes integers bigints: better-sqlite3 and `bun:sqlite`. */
  safeIntegers?(isOn: boolean): unknown;
}

/**
 * The subset of a database that the adapter needs: a `DatabaseSync` of `node:sqlite`, or a
 * `Database` of better-sqlite3 or `bun:sqlite`.
 */
export interface SqliteDatabase {
  /** Runs SQL without values. */
  exec(sql: string): unknown;
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement;
}

/** Rule of a database, recognised by its methods: clients share no class. */
export const database: Rule = {
  expected: "a database of node:sqlite, better-sqlite3 or bun:sqlite",
  test: (value) => {
    const { exec, prepare } = Object(value) as Partial<SqliteDatabase>;
    return typeof exec === "function" && typeof prepare === "function";
  },
};

/**
 * Prepares a statement whose rows are objects with bigints for integers, however the database was opened.
 * Otherwise some clients round integers above 2^53 and others reject them, and some versions of Node
 * reject any `run` after an id that large was written.
 *
 * @throws {ConfigurationError} If the client is asynchronous; calls of the statement throw it too.
 */
export function prepare(db: SqliteDatabase, sql: string): SqliteStatement {
  const statement = answerOf(db, db.prepare(sql));
  for (const method of ["run", "get", "all"] as const) {
    if (typeof statement?.[method] !== "function") refuseClient(db);
  }
  answerOf(db, statement.setReturnArrays?.(false));
  if (statement.setReadBigInts) answerOf(db, statement.setReadBigInts(true));
  else answerOf(db, statement.safeIntegers?.(true));
  return atOnce(db, statement);
}

/** Wraps a statement, and checks each result, as that of an asynchronous client is not one. */
function atOnce(db: SqliteDatabase, statement: SqliteStatement): SqliteStatement {
  const checked = <T>(answer: T, isRight: boolean): T => {
    // Where calls can be chained they give the statement, and the answer goes to a callback.
    if (answer as unknown === statement || !isRight) refuseClient(db, answer);
    return answerOf(db, answer);
  };
  const own: SqliteStatement = {
    run: (...values) => checked(statement.run(...values), true),
    get: (...values) => checked(statement.get(...values), true),
    all: (...values) => {
      const rows = statement.all(...values);
      return checked(rows, Array.isArray(rows) && (rows.length === 0 || isRowNow(rows[0])));
    },
    ...(statement.reader === false ? { reader: false } : undefined),
  };
  if (typeof statement.iterate !== "function") return own;
  own.iterate = (...values) => {
    const rows = statement.iterate!(...values);
    return looked(db, checked(rows, typeof Object(rows)[Symbol.iterator] === "function"));
  };
  return own;
}

/** Returns true if a row is available, and not a promise. */
function isRowNow(row: unknown): boolean {
  return typeof row === "object" && row !== null && !isThenable(row);
}

/** Rows, each of which is looked at: an iterator that promises them gives no end as well. */
function* looked(db: SqliteDatabase, rows: Iterable<unknown>): Generator<unknown> {
  for (const row of rows) yield isRowNow(row) ? row : refuseClient(db, row);
}

/** Returns the rows of a statement; empty if it has none. */
export function queryRows(
  db: SqliteDatabase,
  sql: string,
  values: readonly SqliteValue[],
): Record<string, SqliteValue>[] {
  const statement = prepare(db, sql);
  if (statement.reader !== false) {
    return statement.all(...values).map((row) => ({ ...row as Record<string, SqliteValue> }));
  }
  statement.run(...values); // better-sqlite3 gives no rows of what has none.
  return [];
}

/** Returns the number of rows that a statement reports as changed, without those of its triggers. */
export function changesOf(answer: unknown): number | undefined {
  const changes = propertyOf(answer, "changes");
  return changes === undefined ? undefined : Number(changes);
}

/** Runs SQL without values. */
export function execute(db: SqliteDatabase, sql: string): void {
  answerOf(db, db.exec(sql));
}

function answerOf<T>(db: SqliteDatabase, answer: T): T {
  return isThenable(answer) ? refuseClient(db, answer) : answer;
}

function refuseClient(db: SqliteDatabase, answer?: unknown): never {
  if (answer instanceof Promise) answer.catch(() => {}); // Nobody waits for it.
  return fail("use SQLite", "db", `${database.expected}, with a synchronous API`, db);
}

/**
 * Checks before any write that a client is synchronous: with an asynchronous one, a transaction would
 * stay open.
 *
 * @throws {ConfigurationError} If it is asynchronous.
 */
export function checkClient(db: SqliteDatabase): void {
  const rows = prepare(db, "select 1 as one").all() as ({ one?: unknown } | null | undefined)[];
  if (rows.length !== 1 || Number(rows[0]?.one) !== 1) refuseClient(db);
}

/**
 * Calls a function within one transaction. If the function is synchronous, nothing else can get into the
 * transaction; if it returns a promise, the transaction stays open until the promise settles. The write
 * lock is taken first, as a reader that becomes a writer is rejected if another one was faster. Any error
 * rolls the transaction back, and is passed through.
 *
 * @throws {ConfigurationError} If the database cannot be written.
 */
export function transact<T>(db: SqliteDatabase, body: () => T): T {
  try {
    execute(db, "begin immediate"); // If it fails, the transaction that is open may be the user's.
    const result = committed(db, body);
    if (!isThenable(result)) return result;
    return Promise.resolve(result).catch((error) => refuseReadOnly(db, error)) as T;
  } catch (error) {
    return refuseReadOnly(db, error);
  }
}

function refuseReadOnly(db: SqliteDatabase, error: unknown): never {
  if (!isOfReadOnly(error)) throw error;
  return fail("use SQLite", "db", "a writable database", db);
}

function committed<T>(db: SqliteDatabase, body: () => T): T {
  const commit = <R>(result: R): R => {
    execute(db, "commit");
    return result;
  };
  const rollback = (error: unknown): never => {
    try {
      execute(db, "rollback");
    } catch {
      // A full disk has rolled back already. What came first is what the user has to know.
    }
    throw error;
  };
  try {
    const result = body();
    if (!isThenable(result)) return commit(result);
    return Promise.resolve(result).then(commit).catch(rollback) as T;
  } catch (error) {
    return rollback(error);
  }
}

/** Returns true if nothing can be written; Deno reports some errors without their code. */
function isOfReadOnly(error: unknown): boolean {
  return resultCode(error) === 8 ||
    propertyOf(error, "message") === "attempt to write a readonly database";
}

/** Returns true if SQL does not fit the database: a name, a right or an index is missing. */
export function isOfSql(error: unknown): boolean {
  return resultCode(error) === 1; // SQLITE_ERROR.
}

/**
 * Returns the code of an error of SQLite, as the clients report it; extended codes are cut down.
 */
function resultCode(error: unknown): number | undefined {
  const number = [propertyOf(error, "errcode"), propertyOf(error, "errno")]
    .find((value) => typeof value === "number") as number | undefined;
  if (number !== undefined) return number & 255; // Those of `node:sqlite` and `bun:sqlite`.
  const code = propertyOf(error, "code");
  if (code === "SQLITE_ERROR") return 1; // better-sqlite3 has names only.
  return `${code}`.startsWith("SQLITE_READONLY") ? 8 : undefined;
}
