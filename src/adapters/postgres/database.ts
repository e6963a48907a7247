/**
 * What this adapter asks of a database, whatever the client is called.
 * @module
 */

/** A row by column, as the client reads it. */
export type Row = Record<string, unknown>;

/** Takes statements; values are bound. */
export interface Session {
  /** The rows as arrays in the order of the columns: names may be rewritten by a client's options. */
  values(text: string, params?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  /** The rows as the client gives them. */
  rows(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Sends the text of a COPY. Only in a transaction, and only where the client can. */
  copy?(statement: string, text: string): Promise<unknown>;
}

/** A client. As a session it runs each statement by itself. */
export interface Database extends Session {
  /** Has one connection only, so that a transaction keeps everybody else waiting. */
  readonly isSingle: boolean;
  /** How a JSON that is a string already is bound as the first parameter. */
  readonly json: "$1::json" | "$1::text::json";
  /** Can copy, within a transaction. */
  readonly hasCopy: boolean;
  /** Runs `work` in a transaction of its own connection; what it rejects with is rolled back. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** A connection that was taken out, in a transaction. */
export interface HeldSession {
  /** Uses it, once it is there. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Commits and gives the connection back. */
  release(): Promise<void>;
}

/** Takes a connection out, in a transaction that lasts until it is released. */
export function holdSession(database: Database): HeldSession {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  let ended!: Promise<void>;
  let session = new Promise<Session>((resolve, reject) => {
    ended = database.transaction((session) => {
      resolve(session);
      return released;
    });
    ended.catch(reject); // There was no connection.
  });
  // One that was lost while nobody used it must not be used again.
  ended.catch((error) => void (session = Promise.reject(error)).catch(() => {}));
  return {
    use: async (work) => work(await session),
    release: () => {
      release();
      return ended;
    },
  };
}
