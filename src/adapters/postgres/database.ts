/**
 * Interface that this adapter needs of a database, whatever the client is called.
 * @module
 */

import type { Written } from "../../sql/written.ts";

/** A row by column, as the client reads it. */
export type Row = Record<string, unknown>;

/** Runs statements with bound values. */
export interface Session {
  /** The rows as arrays in the order of the columns: names may be rewritten by a client's options. */
  values(text: string, params?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  /** The rows as the client gives them. */
  rows(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /**
   * Returns how many rows a statement inserted, updated or deleted; nothing if the client is
   * silent.
   */
  run(text: string, params?: readonly unknown[]): Promise<number | undefined>;
  /** Sends the text of a COPY into a table and its columns, as SQL names them. Only where the client can. */
  copy?(into: string, pieces: Iterable<string>): Promise<unknown>;
}

/** A session of a transaction whose rows are counted. */
export interface CountedSession extends Session {
  /** Outcome of the rows that were sent. */
  readonly written: Written;
}

/**
 * A client. Its transactions are `read committed`, whatever the session has as its default.
 *
 * Where a `signal` is given and aborts, what waits is withdrawn: a turn, a connection of the pool, and
 * the statement that runs, which the server is asked to end. No further statement begins, and nothing
 * is committed. A commit that is on its way is the one thing that may still succeed, and then the
 * promise resolves; else it rejects with the reason of the signal.
 */
export interface Database {
  /** Has one connection only, so that a transaction keeps everybody else waiting. */
  readonly isSingle: boolean;
  /** SQL that binds JSON, already a string, as the first parameter. */
  readonly json: "$1::json" | "$1::text::json";
  /** Can copy, within a transaction. */
  readonly hasCopy: boolean;
  /** `values` of a session, in a transaction of their own. */
  values(
    text: string,
    params?: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<readonly (readonly unknown[])[]>;
  /** `rows` of a session, in a transaction of their own. */
  rows(text: string, params?: readonly unknown[], signal?: AbortSignal): Promise<Row[]>;
  /** Runs `work` in a transaction of its own connection; what it rejects with is rolled back. */
  transaction<T>(work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Only if the client supports it. */
  readonly listen?: Listen | undefined;
}

/** Receiver of the notifications of a channel. */
export interface Listener {
  onNotify(payload: string): void;
  /** Called when no more notifications will come. */
  onLost(): void;
}

/**
 * Listens to a channel, whose name needs no quotes, and returns a function that ends it, which never
 * fails.
 */
export type Listen = (channel: string, listener: Listener) => Promise<() => unknown>;

/** Isolation level at which the transactions of this adapter begin. */
export const isolation = "isolation level read committed";

/** A database whose single statements are transactions of their own. */
export function databaseOf(
  parts: Pick<Database, "isSingle" | "json" | "hasCopy" | "transaction" | "listen">,
): Database {
  const { transaction } = parts;
  return {
    ...parts,
    values: (text, params, signal) => transaction(({ values }) => values(text, params), signal),
    rows: (text, params, signal) => transaction(({ rows }) => rows(text, params), signal),
  };
}

/** The same database, all of whose calls heed a signal. */
export function heeding(database: Database, signal: AbortSignal | undefined): Database {
  return {
    ...database,
    values: (text, params) => database.values(text, params, signal),
    rows: (text, params) => database.rows(text, params, signal),
    transaction: (work) => database.transaction(work, signal),
  };
}

/** A connection that was taken out, in a transaction. */
export interface HeldSession {
  /** Uses it, once it is there. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Commits, and returns the connection. */
  release(): Promise<void>;
}

/**
 * Takes a connection out, in a transaction that lasts until it is released. A signal that aborts
 * withdraws what runs; the release is then no failure.
 */
export function holdSession(database: Database, signal?: AbortSignal): HeldSession {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  let ended!: Promise<void>;
  let session = new Promise<Session>((resolve, reject) => {
    ended = database.transaction((session) => {
      resolve(session);
      return released;
    }, signal);
    ended.catch(reject); // There was no connection.
  });
  // One that was lost while nobody used it must not be used again.
  ended.catch((error) => void (session = Promise.reject(error)).catch(() => {}));
  return {
    use: async (work) => work(await session),
    release: async () => {
      release();
      await ended.catch((error) => {
        if (!signal?.aborted) throw error;
      });
    },
  };
}
