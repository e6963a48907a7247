import { propertyOf } from "../../../errors.ts";
import { nextMacrotask } from "../../../runtime/macrotask.ts";
import { type Database, databaseOf, isolation, type Row, type Session } from "../database.ts";
import { sqlStateOf } from "../sql-state.ts";
import { whileWaiting } from "../../../runtime/waiting.ts";
import { atMost, Statements, type Stoppable } from "./statements.ts";

/** A statement of `postgres` (postgres.js), which is sent when it is awaited. */
export interface PostgresJsQuery extends PromiseLike<Row[] & { readonly count?: number }> {
  /** The rows as arrays. */
  values(): PromiseLike<unknown[][]>;
  /** Makes the server end the statement. */
  cancel(): unknown;
}

/** Runs statements: the client, or one of its transactions. */
export interface PostgresJsSession {
  /** Makes a statement from a text and the values to bind. */
  unsafe(text: string, params?: never[], options?: { prepare?: boolean }): PostgresJsQuery;
}

/** The subset of `postgres` (postgres.js) that is used. */
export interface PostgresJs extends PostgresJsSession {
  /** Runs a function in a transaction. */
  begin(
    options: string,
    work: (session: PostgresJsSession) => Promise<unknown>,
  ): Promise<unknown>;
  /** Listens to a channel on its own connection, which is restored if it is lost. */
  listen?(
    channel: string,
    onNotify: (payload: string) => void,
    onListen?: () => void,
  ): PromiseLike<{ unlisten(): Promise<unknown> }>;
}

/**
 * A client of `postgres` (postgres.js), which is a pool. `prepare` is for statements whose result
 * never changes: one that was prepared fails in a transaction once its tables have changed, and one
 * that was not is sent in two round trips.
 */
export function postgresJsDatabase(sql: PostgresJs, prepare: boolean): Database {
  return databaseOf({
    isSingle: false,
    json: "$1::text::json", // It makes a JSON of everything else, also of JSON.
    hasCopy: false, // Its COPY never settles where the server refuses the data (3.4.9).
    transaction: (work, signal) =>
      whileWaiting((onBegin) => begin({ sql, prepare, onBegin, signal }, work), signal),
    listen: sql.listen && (async (channel, { onNotify }) => {
      const { unlisten } = await sql.listen!(channel, onNotify);
      return () => unlisten().catch(() => {}); // The client was ended before.
    }),
  });
}

interface Beginning {
  readonly sql: PostgresJs;
  readonly prepare: boolean;
  readonly onBegin: () => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * The client ends a transaction with a statement also when the connection is lost, which throws
 * where nobody can catch it: work that lost its connection never settles for the client, which
 * rejects by itself.
 */
async function begin<T>(
  beginning: Beginning,
  work: (session: Session) => Promise<T>,
  attempt = 1,
): Promise<T> {
  const { sql, onBegin, signal } = beginning;
  const never = new Promise<never>(() => {});
  const link = new Link();
  const statements = new Statements(link, signal);
  const state: State<T> = { hasBegun: false, hasEnded: false };
  try {
    let onWorked!: () => void;
    const worked = new Promise<void>((resolve) => (onWorked = resolve));
    const committed = sql.begin(isolation, async (inner) => {
      state.hasBegun = true;
      try {
        onBegin();
        state.result = await work(sessionOf(inner, statements, link, beginning.prepare, state));
      } catch (error) {
        if (state.loss === undefined) throw error;
      }
      if (state.loss !== undefined || state.hasEnded) await never;
      signal?.throwIfAborted();
      onWorked();
    });
    await Promise.race([committed, worked, link.gone]);
    await statements.settle(committed); // The commit is on its way.
    return state.result as T;
  } catch (error) {
    state.hasEnded = true;
    // Told anew by the first statement of the next connection, once for each that was ended (3.4.9).
    const isStale = !state.hasBegun && sqlStateOf(error) === adminShutdown;
    if (isStale && attempt < maxAttempts) return begin(beginning, work, attempt + 1);
    throw state.loss ?? error;
  }
}

interface State<T> {
  result?: T;
  loss?: unknown;
  hasBegun: boolean;
  hasEnded: boolean;
}

const adminShutdown = "57P01";
const maxAttempts = 10;

/** Returns true if an error also ended the connection. */
function isLoss(error: unknown): boolean {
  const severity = propertyOf(error, "severity");
  if (sqlStateOf(error) !== undefined) return severity === "FATAL" || severity === "PANIC";
  const code = propertyOf(error, "code");
  return typeof code === "string" && /^(CONNECTION_|E[A-Z]+$)/.test(code);
}

function sessionOf(
  sql: PostgresJsSession,
  statements: Statements,
  link: Link,
  prepare: boolean,
  state: State<unknown>,
): Session {
  const run = <R>(
    text: string,
    params: readonly unknown[],
    send: (query: PostgresJsQuery) => PromiseLike<R>,
  ) =>
    statements.run(() => {
      // On a connection that was lost the client would throw where nobody can catch it.
      if (state.hasEnded) throw new Error("The transaction has ended");
      const options = { prepare: prepare && params.length > 0 };
      link.last = sql.unsafe(text, [...params] as never[], options);
      return Promise.resolve(send(link.last)).catch((error) => {
        if (isLoss(error)) state.loss ??= error;
        throw error;
      });
    });
  return {
    values: (text, params = []) => run(text, params, (query) => query.values()),
    rows: (text, params = []) => run(text, params, (query) => query),
    run: async (text, params = []) => (await run(text, params, (query) => query)).count,
  };
}

/** Internals of a query. Its `cancel` works only once, and does not report when it has arrived. */
interface Internals {
  readonly state?: unknown;
  readonly canceller?: (query: { state: unknown; active: true }) => Promise<unknown>;
}

// Milliseconds: with TLS the client never tells that a cancellation has arrived (3.4.9).
const cancelTimeout = 1000;

/** The connection of a transaction, which nobody but its client can close. */
class Link implements Stoppable {
  /** The statement that was sent last: the commit has the same connection. */
  last: PostgresJsQuery | undefined;
  /** Rejects once the connection was given up. */
  readonly gone: Promise<never>;
  #giveUp!: (error: Error) => void;

  constructor() {
    this.gone = new Promise((_, reject) => (this.#giveUp = reject));
    this.gone.catch(() => {});
  }

  async cancel(): Promise<void> {
    await nextMacrotask(); // One that was made in this turn is not sent yet.
    const { state, canceller } = this.last as Internals;
    if (state && canceller) await atMost(cancelTimeout, canceller({ state, active: true }));
    else this.last!.cancel();
  }

  discard(): void {
    this.#giveUp(new Error("The connection was abandoned"));
  }
}
