import { propertyOf } from "../../errors.ts";
import { fail, type Rule } from "../../options.ts";
import { sleep } from "../../runtime/deadline.ts";
import { takeTurns } from "../../runtime/take-turns.ts";

/** The subset of a result that the adapter needs. */
export interface DuckdbResult {
  /** Number of rows that the statement changed. */
  readonly rowsChanged?: number;
  /** The names of the columns. */
  columnNames?(): string[];
  /** Returns all rows, as arrays of client values. */
  getRows(): Promise<unknown[][]>;
}

/** The subset of an appender that the adapter needs. */
export interface DuckdbAppender {
  /** Writes the collected rows. */
  flushSync(): void;
  /** Discards the collected rows. */
  clear(): void;
  /** Writes the collected rows, and closes the appender. */
  closeSync(): void;
  /** Ends a row. */
  endRow(): void;
  /** Adds a null to the row. */
  appendNull(): void;
  /** Adds a boolean to the row. */
  appendBoolean(value: boolean): void;
  /** Adds an 8-bit integer to the row. */
  appendTinyInt(value: number): void;
  /** Adds a 16-bit integer to the row. */
  appendSmallInt(value: number): void;
  /** Adds a 32-bit integer to the row. */
  appendInteger(value: number): void;
  /** Adds a 64-bit integer to the row. */
  appendBigInt(value: bigint): void;
  /** Adds a 128-bit integer to the row. */
  appendHugeInt(value: bigint): void;
  /** Adds an unsigned 8-bit integer to the row. */
  appendUTinyInt(value: number): void;
  /** Adds an unsigned 16-bit integer to the row. */
  appendUSmallInt(value: number): void;
  /** Adds an unsigned 32-bit integer to the row. */
  appendUInteger(value: number): void;
  /** Adds an unsigned 64-bit integer to the row. */
  appendUBigInt(value: bigint): void;
  /** Adds an unsigned 128-bit integer to the row. */
  appendUHugeInt(value: bigint): void;
  /** Adds a 32-bit float to the row. */
  appendFloat(value: number): void;
  /** Adds a 64-bit float to the row. */
  appendDouble(value: number): void;
  /** Adds a timestamp to the row. */
  appendTimestamp(value: { readonly micros: bigint }): void;
  /** Adds a text to the row. */
  appendVarchar(value: string): void;
  /** Adds bytes to the row. */
  appendBlob(value: Uint8Array): void;
}

/** Some rows of a streamed result. */
export interface DuckdbChunk {
  /** Number of rows; 0 after the last ones. */
  readonly rowCount: number;
  /** Returns the rows, as arrays of client values. */
  getRows(): unknown[][];
}

/** The subset of a streamed result that the adapter needs. */
export interface DuckdbStream {
  /** The names of the columns. */
  columnNames(): string[];
  /** Returns the next rows; `null`, or a chunk without rows, after the last ones. */
  fetchChunk(): Promise<DuckdbChunk | null>;
}

/** The subset of a connection that the adapter needs: a `DuckDBConnection` of `@duckdb/node-api`. */
export interface DuckdbConnection {
  /** Runs a statement to its end. */
  run(sql: string, values?: (string | null)[]): Promise<DuckdbResult>;
  /** Runs a query and streams its rows. */
  stream(sql: string, values?: never): Promise<DuckdbStream>;
  /** Creates an appender, the fastest way to write rows. Without it, statements write them. */
  createAppender?(table: string, schema?: string, database?: string): Promise<DuckdbAppender>;
}

/** Rule of a connection, recognised by its methods: no class is imported. */
export const connectionRule: Rule = {
  expected: "a connection of @duckdb/node-api: await instance.connect()",
  test: (value) => {
    const { run, stream } = Object(value) as Partial<DuckdbConnection>;
    return typeof run === "function" && typeof stream === "function";
  },
};

/** All rows of a statement. */
export async function rowsOf(
  connection: DuckdbConnection,
  sql: string,
  values: (string | null)[] = [],
): Promise<unknown[][]> {
  const result = await connection.run(sql, values);
  return await result.getRows();
}

/**
 * Calls a function within one transaction, in its turn. Any error rolls the transaction back, and is
 * passed through. A signal that aborts before the turn rejects at once; later it has no effect.
 *
 * @throws {ConfigurationError} If the database cannot be written.
 */
export function transact<T>(
  connection: DuckdbConnection,
  body: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return takeTurns(connection, async () => {
    await connection.run("begin"); // If it fails, the transaction that is open may be the user's.
    try {
      const result = await body();
      await connection.run("commit");
      return result;
    } catch (error) {
      // What came first is what the user has to know: a commit that failed has rolled back already.
      await connection.run("rollback").catch(() => {});
      if (!isOfReadOnly(error)) throw error;
      return fail("use DuckDB", "connection", "one of a writable database", connection);
    }
  }, signal);
}

const maxAttempts = 8; // The last one is made about a second after the first.

/**
 * Repeats a transaction if another connection was faster, as its commit may change the result.
 * `onFailure` is called for each attempt that was rolled back.
 */
export async function transactAgain<T>(
  connection: DuckdbConnection,
  body: () => Promise<T>,
  onFailure: () => void,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await transact(connection, body, signal);
    } catch (error) {
      onFailure();
      if (attempt === maxAttempts || !isConflict(error)) throw error;
      await sleep(5 * 2 ** attempt, signal); // The other one may not have ended yet.
    }
  }
}

function isOfReadOnly(error: unknown): boolean {
  return messageOf(error).includes("attached in read-only mode");
}

/** Returns true if SQL does not fit the database: a table, a column or an index is missing. */
export function isOfSql(error: unknown): boolean {
  return /^(?:Binder|Catalog|Parser) Error/.test(messageOf(error)); // The client gives no code.
}

/** The appender says of a row that was there before, too, that it violates a constraint. */
const conflict =
  /^(?:TransactionContext Error: .*(?:onflict|violation)|Failed to append: Transaction conflict)/;

/** Returns true if a transaction on another connection was faster; nothing is written then. */
export function isConflict(error: unknown): boolean {
  return conflict.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return String(propertyOf(error, "message"));
}
