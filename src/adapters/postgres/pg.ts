import type { Database, Row, Session } from "./database.ts";
import { takeTurns } from "./turns.ts";

/** The subset of a `Client` of `pg` that is used. It has to be connected. */
export interface PgClient {
  /** Runs one statement, with its rows as arrays. */
  query(config: PgArrayQuery): Promise<{ rows: unknown[][] }>;
  /** Runs one statement. */
  query(text: string, values: unknown[]): Promise<{ rows: Row[] }>;
  /** Connects; never called here. */
  connect(): Promise<unknown>;
  /** Listens for a connection that is lost. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Stops listening. */
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** A statement of which `pg` gives the rows as arrays. */
export interface PgArrayQuery {
  /** The statement. */
  text: string;
  /** What is bound. */
  values: unknown[];
  /** Rows as arrays. */
  rowMode: "array";
}

/** A client that a pool has lent. */
export interface PgPoolClient extends PgClient {
  /** Gives it back; with an error it is thrown away. */
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

/** What takes the text of a COPY: a writable stream of Node. */
export interface CopyStream {
  /** Takes the last of the text. */
  end(text: string): unknown;
  /** Tells of the end, or of a failure. */
  once(event: "finish" | "error", listener: (error?: Error) => void): unknown;
}

/** Makes what `pg` needs for a COPY: `from` of the package `pg-copy-streams`. */
export type CopyFrom = (statement: string) => object;

/** A pool of `pg`: every transaction has a client of its own. */
export function pgPoolDatabase(pool: PgPool, copyFrom?: CopyFrom): Database {
  async function lend<T>(mend: string, use: (client: PgClient) => Promise<T>): Promise<T> {
    const client = await connect(pool);
    let isLost = false;
    try {
      return await useClient(client, () => use(client), mend, () => void (isLost = true));
    } finally {
      client.removeListener("error", ignore);
      client.release(isLost); // Back to the others, or away.
    }
  }
  return {
    isSingle: false,
    json: "$1::json",
    hasCopy: copyFrom !== undefined,
    values: (text, params) => lend("select 1", (client) => valuesOf(client, text, params)),
    rows: (text, params) => lend("select 1", (client) => rowsOf(client, text, params)),
    transaction: (work) => lend("rollback", (client) => transaction(client, work, copyFrom)),
  };
}

/** One client of `pg`: its transactions take turns, as all share its one connection. */
export function pgClientDatabase(client: PgClient, copyFrom?: CopyFrom): Database {
  const inTurn = <T>(mend: string, use: () => Promise<T>) =>
    takeTurns(client, () => useClient(client, use, mend, () => {}));
  return {
    isSingle: true,
    json: "$1::json",
    hasCopy: copyFrom !== undefined,
    values: (text, params) => inTurn("select 1", () => valuesOf(client, text, params)),
    rows: (text, params) => inTurn("select 1", () => rowsOf(client, text, params)),
    transaction: (work) => inTurn("rollback", () => transaction(client, work, copyFrom)),
  };
}

/**
 * Lends a client that is listened to at once. By the promise of `connect` whoever waits would come too
 * late for the error of a connection that is lost with its first answer, which ends Node.
 */
function connect(pool: PgPool): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error);
      client.on("error", ignore);
      resolve(client);
    });
  });
}

/** An event that nobody hears ends Node; the statement in flight, or the next one, rejects as well. */
const ignore = () => {};

/** After a failure the statement `mend` leaves the connection as it was, or finds that it is lost. */
async function useClient<T>(
  client: PgClient,
  use: () => Promise<T>,
  mend: string,
  onLost: () => void,
): Promise<T> {
  const listen = () => {}; // Of its own, as a client may be used by two calls at once.
  client.on("error", listen);
  try {
    return await use();
  } catch (error) {
    await client.query(mend, []).catch(onLost);
    throw error;
  } finally {
    client.removeListener("error", listen);
  }
}

async function transaction<T>(
  client: PgClient,
  work: (session: Session) => Promise<T>,
  copyFrom: CopyFrom | undefined,
): Promise<T> {
  await client.query("begin", []);
  const result = await work(sessionOf(client, copyFrom));
  await client.query("commit", []);
  return result;
}

function sessionOf(client: PgClient, copyFrom: CopyFrom | undefined): Session {
  const session: Session = {
    values: (text, params) => valuesOf(client, text, params),
    rows: (text, params) => rowsOf(client, text, params),
  };
  if (copyFrom !== undefined) {
    session.copy = (statement, text) =>
      new Promise((resolve, reject) => {
        const query = client.query as (query: object) => unknown;
        const stream = query.call(client, copyFrom(statement)) as CopyStream;
        stream.once("finish", resolve);
        stream.once("error", reject);
        stream.end(text);
      });
  }
  return session;
}

async function valuesOf(
  client: PgClient,
  text: string,
  params: readonly unknown[] = [],
): Promise<unknown[][]> {
  return (await client.query({ text, values: [...params], rowMode: "array" })).rows;
}

async function rowsOf(
  client: PgClient,
  text: string,
  params: readonly unknown[] = [],
): Promise<Row[]> {
  return (await client.query(text, [...params])).rows;
}
