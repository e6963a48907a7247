import { type Database, isolation, type Row, type Session } from "../database.ts";
import { type FirstFailure, PgLink } from "./pg-link.ts";
import { listenBeside, listenOn } from "./pg-listen.ts";
import { sqlStateOf } from "../sql-state.ts";
import { unlessAborted } from "../../../runtime/waiting.ts";
import { Statements } from "./statements.ts";
import { takeTurns } from "../../../runtime/take-turns.ts";

/** The subset of a `Client` of `pg` that is used. It must be connected. */
export interface PgClient {
  /** Runs one statement, with its rows as arrays. */
  query(config: PgArrayQuery): Promise<{ rows: unknown[][] }>;
  /** Runs one statement. */
  query(text: string, values: unknown[]): Promise<PgResult>;
  /** Connects; never called here. */
  connect(): Promise<unknown>;
  /** Listens for a connection that is lost. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Stops listening. */
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** Result of a statement of `pg`. */
export interface PgResult {
  /** Its rows. */
  rows: Row[];
  /** Its first word, such as `UPDATE`. */
  command?: string;
  /** Number of rows that it affected or returned. */
  rowCount?: number | null;
}

/** A statement whose rows `pg` returns as arrays. */
export interface PgArrayQuery {
  /** The statement. */
  text: string;
  /** Values to bind. */
  values: unknown[];
  /** Rows as arrays. */
  rowMode: "array";
}

/** A client that a pool has lent. */
export interface PgPoolClient extends PgClient {
  /** Returns the client to the pool; with an error, the pool discards it. */
  release(error?: Error | boolean): void;
}

/** The subset of a `Pool` of `pg` that is used. */
export interface PgPool {
  /** Clients that the pool has now. */
  readonly totalCount: number;
  /** Lends a client. */
  connect(
    callback: (error: Error | undefined, client: PgPoolClient | undefined) => void,
  ): void;
  /** Runs a statement on any client; never called here. */
  query(text: string): Promise<unknown>;
}

/** Writable stream of Node that accepts the text of a COPY. */
interface CopyStream {
  write(text: string, onWritten: () => void): unknown;
  end(): unknown;
  on(event: "finish" | "error", listener: (error?: Error) => void): unknown;
  destroy(): unknown;
}

/** Makes what `pg` needs for a COPY: `from` of the package `pg-copy-streams`. */
export type CopyFrom = (statement: string) => object;

/** A pool of `pg`: every transaction has a client of its own. */
export function pgPoolDatabase(pool: PgPool, copyFrom?: CopyFrom): Database {
  const lend: Lend = async (use, signal) => {
    signal?.throwIfAborted();
    const failure: FirstFailure = {};
    const listen = (error: Error) => void (failure.first ??= error);
    const client = await unlessAborted(connect(pool, listen), signal, (late) => {
      late.removeListener("error", listen);
      late.release();
    });
    let isReleased = false;
    const release = (error?: Error) => {
      if (isReleased) return;
      isReleased = true;
      client.removeListener("error", listen);
      client.release(error); // Back to the others, or away.
    };
    const { stream } = Object((pool as { options?: unknown }).options) as { stream?: unknown };
    const link = new PgLink({ client, failure, close: release, canReconnect: true, stream });
    try {
      return await use({ client, link, copyFrom });
    } finally {
      release();
    }
  };
  return { ...databaseBy(lend, false, copyFrom), listen: listenBeside(pool) };
}

/** One client of `pg`: its transactions take turns, as all share its one connection. */
export function pgClientDatabase(client: PgClient, copyFrom?: CopyFrom): Database {
  const failure = watch(client);
  const { connection } = client as { connection?: { stream: { destroy(): void } } };
  const close = () => connection?.stream.destroy();
  const lend: Lend = (use, signal) =>
    takeTurns(client, () => {
      const link = new PgLink({ client, failure, close, canReconnect: false });
      return use({ client, link, copyFrom });
    }, signal);
  const database = databaseBy(lend, true, copyFrom);
  return { ...database, listen: listenOn(client, database) };
}

/** Lends a client to a function, and takes it back. */
type Lend = <T>(use: (taken: Taken) => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

/** A client that was taken. */
interface Taken {
  readonly client: PgClient;
  readonly link: PgLink;
  readonly copyFrom: CopyFrom | undefined;
}

function databaseBy(lend: Lend, isSingle: boolean, copyFrom: CopyFrom | undefined): Database {
  return {
    isSingle,
    json: "$1::json",
    hasCopy: copyFrom !== undefined,
    values: (text, params, signal) =>
      lend((taken) => alone(taken, ({ values }) => values(text, params), signal), signal),
    rows: (text, params, signal) =>
      lend((taken) => alone(taken, ({ rows }) => rows(text, params), signal), signal),
    transaction: (work, signal) => lend((taken) => transact(taken, work, signal), signal),
  };
}

/**
 * Lends a client that is listened to at once. By the promise of `connect` whoever waits would come too
 * late for the error of a connection that is lost with its first answer, and an event that nobody
 * hears ends Node.
 */
function connect(pool: PgPool, listen: (error: Error) => void): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error);
      client.on("error", listen);
      resolve(client);
    });
  });
}

/** Key of the first failure of a client: all its sinks and sources must see the same one. */
const firstFailure: unique symbol = Symbol.for("millrace.firstFailure") as typeof firstFailure;

/** Listens to a client from now on: it is lost between two of its transactions as well. */
function watch(client: PgClient & { [firstFailure]?: FirstFailure }): FirstFailure {
  const known = client[firstFailure];
  if (known !== undefined) return known;
  const failure: FirstFailure = {};
  Object.defineProperty(client, firstFailure, { value: failure });
  client.on("error", (error) => void (failure.first ??= error));
  return failure;
}

/**
 * Runs one statement, which is a transaction by itself: of the level that the session has, so that it
 * may have to be run again.
 */
async function alone<T>(
  taken: Taken,
  statement: (session: Session) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await statement(sessionOf(taken, runnerOf(taken, signal)));
  } catch (error) {
    await taken.link.mend();
    if (sqlStateOf(error) !== serializationFailure) throw error;
  }
  return transact(taken, statement, signal);
}

const serializationFailure = "40001";

async function transact<T>(
  taken: Taken,
  work: (session: Session) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { client, link } = taken;
  const run = runnerOf(taken, signal);
  try {
    await run(() => client.query(`begin ${isolation}`, []));
    const result = await work(sessionOf(taken, run));
    const { command } = await run(() => client.query("commit", []));
    if (command === "ROLLBACK") throw new Error("The server rolled the transaction back");
    return result;
  } catch (error) {
    await link.mend();
    throw error;
  }
}

function runnerOf({ link }: Taken, signal: AbortSignal | undefined): Run {
  const statements = new Statements(link, signal);
  return (send) => statements.run(() => link.send(send));
}

/** Runs a statement. */
type Run = <T>(send: () => Promise<T>) => Promise<T>;

function sessionOf({ client, link, copyFrom }: Taken, run: Run): Session {
  const ask = async <R>(
    params: readonly unknown[] = [],
    send: (values: unknown[]) => Promise<{ rows: R[]; rowCount?: number | null }>,
  ) => {
    const values = [...params];
    const result = await run(() => send(values));
    const { rows, rowCount } = result;
    // A query that is over holds both until a full garbage collection: small ones would move them.
    values.length = 0;
    result.rows = [];
    return { rows, rowCount: rowCount ?? undefined };
  };
  const session: Session = {
    values: async (text, params) =>
      (await ask(params, (values) => client.query({ text, values, rowMode: "array" }))).rows,
    rows: async (text, params) => (await ask(params, (values) => client.query(text, values))).rows,
    run: async (text, params) =>
      (await ask(params, (values) => client.query(text, values))).rowCount,
  };
  if (copyFrom !== undefined) {
    session.copy = (into, pieces) =>
      run(() => copy(client, link, copyFrom(`copy ${into} from stdin`), pieces));
  }
  return session;
}

function copy(
  client: PgClient,
  link: PgLink,
  query: object,
  pieces: Iterable<string>,
): Promise<void> {
  const stream = (client.query as (query: object) => unknown).call(client, query) as CopyStream;
  return new Promise((resolve, reject) => {
    stream.on("finish", () => resolve());
    let hasFailed = false;
    // Heard to the end, as the client goes on telling a stream that has failed already.
    stream.on("error", (error) => {
      hasFailed = true;
      // An answer that comes later would meet a stream that is dead, which throws.
      if (sqlStateOf(error) === undefined) link.discard();
      stream.destroy(); // It would send the rest of its text.
      reject(error);
    });
    const rest = pieces[Symbol.iterator]();
    const sendNext = () => {
      if (hasFailed) return;
      const { done, value } = rest.next();
      if (done) stream.end();
      else stream.write(value, sendNext); // Once this one is on its way.
    };
    sendNext();
  });
}
