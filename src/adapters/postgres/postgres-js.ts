import type { Database, Row, Session } from "./database.ts";

/** A statement of `postgres` (postgres.js) that was made and is sent when it is awaited. */
export interface PostgresJsQuery extends PromiseLike<Row[]> {
  /** The rows as arrays. */
  values(): PromiseLike<unknown[][]>;
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
  const transaction: Database["transaction"] = (work) => begin(sql, work);
  return {
    isSingle: false,
    json: "$1::text::json", // It makes a JSON of everything else, also of JSON.
    hasCopy: false, // Its COPY never settles where the server refuses the data (3.4.9).
    // In transactions too, as only what `begin` answers tells whether a statement was run.
    values: (text, params) => transaction((session) => session.values(text, params)),
    rows: (text, params) => transaction((session) => session.rows(text, params)),
    transaction,
  };
}

/**
 * The client ends a transaction with a statement also when the connection is lost, which throws
 * where nobody can catch it: work that lost its connection never settles for the client, which
 * rejects by itself.
 */
async function begin<T>(
  sql: PostgresJs,
  work: (session: Session) => Promise<T>,
  attempt = 1,
): Promise<T> {
  const never = new Promise<never>(() => {});
  const state: { result?: T; loss?: unknown; hasBegun: boolean; hasEnded: boolean } = {
    hasBegun: false,
    hasEnded: false,
  };
  try {
    await sql.begin(async (inner) => {
      state.hasBegun = true;
      try {
        state.result = await work(sessionOf(inner));
      } catch (error) {
        if (!isLoss(error)) throw error;
        state.loss = error;
      }
      if (state.loss !== undefined || state.hasEnded) await never;
    });
    return state.result as T;
  } catch (error) {
    state.hasEnded = true;
    // Told anew by the first statement of the next connection, once for each that was ended (3.4.9).
    const isStale = !state.hasBegun && codeOf(error) === adminShutdown;
    if (isStale && attempt < maxAttempts) return begin(sql, work, attempt + 1);
    throw state.loss ?? error;
  }
}

const adminShutdown = "57P01";
const maxAttempts = 10;

function codeOf(error: unknown): unknown {
  return (Object(error) as { code?: unknown }).code;
}

/** Whether an error took the connection with it. */
function isLoss(error: unknown): boolean {
  const { severity } = Object(error) as { severity?: unknown };
  const code = codeOf(error);
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
