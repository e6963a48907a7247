import type { Rule } from "../../options.ts";

/** What SQLite stores. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** The subset of a prepared statement that the adapter needs: all clients have it. */
export interface SqliteStatement {
  /** Runs it; rows are not asked for. */
  run(...values: SqliteValue[]): unknown;
  /** Gives the first row; where there is none, `undefined`, or `null` in `bun:sqlite`. */
  get(...values: SqliteValue[]): unknown;
  /** Gives all rows. */
  all(...values: SqliteValue[]): unknown[];
  /** Gives one row after the other. Old versions of `bun:sqlite` lack it. */
  iterate?(...values: SqliteValue[]): Iterable<unknown>;
  /** Gives integers as bigints: `node:sqlite`. */
  setReadBigInts?(isOn: boolean): unknown;
  /** Gives rows as arrays: `node:sqlite`. */
  setReturnArrays?(isOn: boolean): unknown;
  /** Gives integers as bigints: better-sqlite3 and `bun:sqlite`. */
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

/** A database, told by what it can do: clients share no class. */
export const database: Rule = {
  words: "a database of node:sqlite, better-sqlite3 or bun:sqlite",
  holds: (value) => {
    const { exec, prepare } = Object(value) as Partial<SqliteDatabase>;
    return typeof exec === "function" && typeof prepare === "function";
  },
};

/**
 * Prepares a statement whose rows are objects with bigints for integers, however the database was
 * opened. Otherwise integers above 2^53 are rounded by some clients and refused by others, and some
 * Nodes refuse any `run` after an id that large was written.
 */
export function prepare(db: SqliteDatabase, sql: string): SqliteStatement {
  const statement = db.prepare(sql);
  statement.setReturnArrays?.(false);
  if (statement.setReadBigInts) statement.setReadBigInts(true);
  else statement.safeIntegers?.(true);
  return statement;
}

/**
 * Does something within one transaction, which nothing else can get into: all of it is synchronous.
 * The lock for writing is taken first, as a reader that becomes a writer is refused where another
 * one was faster. Rolled back on any error, which then comes through.
 */
export function transact<T>(db: SqliteDatabase, body: () => T): T {
  db.exec("begin immediate"); // If it fails, the transaction that is open may be the user's.
  try {
    const result = body();
    db.exec("commit");
    return result;
  } catch (error) {
    try {
      db.exec("rollback");
    } catch {
      // A full disk has rolled back already. What came first is what the user has to know.
    }
    throw error;
  }
}
