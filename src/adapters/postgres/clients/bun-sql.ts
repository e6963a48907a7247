import { silence } from "../../../dead-letters/writer.ts";
import { type Database, databaseOf, isolation, type Row, type Session } from "../database.ts";
import { isCancelled, isStalePlan } from "../sql-state.ts";
import { unlessAborted } from "../../../runtime/waiting.ts";
import { Statements, type Stoppable } from "./statements.ts";

/** A statement of Bun.SQL, which is sent when it is awaited. */
export interface BunSqlQuery extends PromiseLike<unknown> {
  /** The rows as arrays. */
  values(): PromiseLike<unknown>;
  /** Makes the server end the statement. */
  cancel(): unknown;
  /** Returns the stream that accepts the text of a COPY. */
  writable(): WritableStream<string>;
}

/** A reserved connection of Bun.SQL. */
export interface BunSqlSession {
  /** Makes a statement from a text and the values to bind. */
  unsafe(text: string, params?: unknown[]): BunSqlQuery;
  /** Returns the connection to the pool. */
  release(): unknown;
  /** Closes the connection. */
  close(): Promise<unknown>;
}

/** The subset of a `SQL` of Bun that is used. */
export interface BunSql {
  /** Makes a statement; never called here. */
  unsafe(text: string, params?: unknown[]): BunSqlQuery;
  /** Runs a function in a transaction; never called here. */
  begin(work: () => Promise<unknown>): Promise<unknown>;
  /** Reserves a connection. */
  reserve(): Promise<BunSqlSession>;
  /** Options of the client; `adapter` names the database. */
  readonly options: { readonly adapter?: unknown };
}

/** A `SQL` of Bun, which is a pool. */
export function bunSqlDatabase(sql: BunSql): Database {
  return databaseOf({
    isSingle: false,
    json: "$1::text::json", // It makes a JSON of everything else, also of JSON.
    hasCopy: true,
    transaction: async (work, signal) => {
      signal?.throwIfAborted();
      const release = (session: BunSqlSession) => void session.release();
      const session = await unlessAborted(sql.reserve(), signal, release);
      const link = new Link(session);
      try {
        return await transact(link, work, signal);
      } finally {
        await link.release();
      }
    },
  });
}

async function transact<T>(
  link: Link,
  work: (session: Session) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const statements = new Statements(link, signal);
  const query = (text: string, params: readonly unknown[] = []) =>
    statements.run(() => link.send(text, params, (query) => query));
  try {
    await query(`begin ${isolation}`);
    const result = await work(sessionOf(link, statements));
    await query("commit");
    return result;
  } catch (error) {
    const isPlan = link.sent === 2 && isStalePlan(error);
    await link.mend();
    // The client has forgotten the plan that its first statement had from before a table changed.
    if (isPlan) return transact(link, work, signal);
    throw error;
  }
}

/** A result of Bun.SQL is an array with a count. */
type Counted = PromiseLike<{ readonly count?: number }>;

function sessionOf(link: Link, statements: Statements): Session {
  return {
    values: (text, params = []) =>
      statements.run(() =>
        link.send(text, params, (query) => query.values() as Promise<unknown[][]>)
      ),
    rows: (text, params = []) =>
      statements.run(() => link.send(text, params, (query) => query as unknown as Promise<Row[]>)),
    run: async (text, params = []) =>
      (await statements.run(() => link.send(text, params, (query) => query as Counted))).count,
    copy: (into, pieces) =>
      statements.run(() =>
        link.send(`copy ${into} from stdin`, [], (query) => copy(query, pieces))
      ),
  };
}

async function copy(query: BunSqlQuery, pieces: Iterable<string>): Promise<void> {
  const writer = query.writable().getWriter();
  silence(writer);
  for (const piece of pieces) await writer.write(piece); // Rejects with what the server says.
  await writer.close();
}

/** A connection that was taken out, for one transaction. */
class Link implements Stoppable {
  readonly #session: BunSqlSession;
  #last: BunSqlQuery | undefined;
  #isReleased = false;
  #mayBeCancelled = false; // What comes next may meet a cancellation that came too late.
  /** Statements of the transaction that were sent. */
  sent = 0;

  constructor(session: BunSqlSession) {
    this.#session = session;
  }

  /** Sends a statement. */
  async send<R>(
    text: string,
    params: readonly unknown[],
    how: (query: BunSqlQuery) => PromiseLike<R>,
  ): Promise<R> {
    this.sent++;
    const query = this.#session.unsafe(text, [...params]);
    this.#last = query;
    try {
      return await how(query);
    } catch (error) {
      if (isCancelled(error)) this.#mayBeCancelled = false;
      throw error;
    }
  }

  cancel(): Promise<void> {
    this.#mayBeCancelled = true;
    this.#last!.cancel();
    return Promise.resolve();
  }

  discard(): void {
    this.#mayBeCancelled = true;
    void this.release();
  }

  /** Ends the transaction. */
  async mend(): Promise<void> {
    this.sent = 0;
    if (this.#mayBeCancelled) return; // The end of the connection is the end of its transaction.
    try {
      await this.#session.unsafe("rollback", []);
    } catch {
      this.#mayBeCancelled = true;
    }
  }

  /** Returns the connection to the pool, or closes it. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await (this.#mayBeCancelled ? this.#session.close() : this.#session.release());
  }
}
