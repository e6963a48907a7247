import type { Database, Row, Session } from "./database.ts";

/** A statement of `postgres` (postgres.js) that was made and is sent when it is awaited. */
export interface PostgresJsQuery extends PromiseLike<Row[]> {
  /** The rows as arrays. */
  values(): PromiseLike<unknown[][]>;
  /** What takes the text of a COPY. */
  writable(): PromiseLike<PostgresJsWritable>;
}

/** A writable stream of Node. */
export interface PostgresJsWritable {
  /** Takes the last of the text. */
  end(text: string): unknown;
  /** Tells of the end, or of a failure. */
  once(event: "finish" | "error", listener: (error?: Error) => void): unknown;
}

/** What runs statements: the client, or one of its transactions. */
export interface PostgresJsSession {
  /** Makes a statement from a text and what is bound. */
  unsafe(text: string, params?: never[], options?: { prepare?: boolean }): PostgresJsQuery;
}

/** The subset of `postgres` (postgres.js) that is used. */
export interface PostgresJs extends PostgresJsSession {
  /** Runs a function in a transaction. */
  begin(work: (session: PostgresJsSession) => Promise<unknown>): Promise<unknown>;
}

/** A client of `postgres` (postgres.js), which is a pool. */
export function postgresJsDatabase(sql: PostgresJs): Database {
  return {
    isSingle: false,
    hasCopy: true,
    ...sessionOf(sql),
    transaction: (work) => transaction(sql, work),
  };
}

/**
 * The client ends a transaction with a statement also when the connection is lost, which throws
 * where nobody can catch it: work that lost its connection never settles for the client, which
 * rejects by itself.
 */
async function transaction<T>(sql: PostgresJs, work: (session: Session) => Promise<T>): Promise<T> {
  const never = new Promise<never>(() => {});
  let result: T | undefined;
  let loss: unknown;
  let hasEnded = false;
  try {
    await sql.begin(async (inner) => {
      try {
        result = await work({ ...sessionOf(inner), copy: copyOn(inner) });
      } catch (error) {
        if (!isLoss(error)) throw error;
        loss = error;
      }
      if (loss !== undefined || hasEnded) await never;
    });
    return result as T;
  } catch (error) {
    hasEnded = true;
    throw loss ?? error;
  }
}

/** Whether an error took the connection with it. */
function isLoss(error: unknown): boolean {
  const { code, severity } = Object(error) as { code?: unknown; severity?: unknown };
  if (severity === "FATAL" || severity === "PANIC") return true;
  return severity === undefined && typeof code === "string" && /^(CONNECTION_|E[A-Z]+$)/.test(code);
}

function sessionOf(sql: PostgresJsSession): Session {
  // Unless it is prepared, a statement with parameters is sent in two round trips each time.
  const query = (text: string, params: readonly unknown[]) =>
    sql.unsafe(text, [...params] as never[], { prepare: params.length > 0 });
  return {
    values: async (text, params = []) => await query(text, params).values(),
    rows: async (text, params = []) => await query(text, params),
  };
}

function copyOn(sql: PostgresJsSession): NonNullable<Session["copy"]> {
  return async (statement, text) => {
    const stream = await sql.unsafe(statement).writable();
    await new Promise<void>((resolve, reject) => {
      stream.once("finish", () => resolve());
      stream.once("error", reject);
      stream.end(text);
    });
  };
}
