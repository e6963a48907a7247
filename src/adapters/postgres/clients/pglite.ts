import { type Database, databaseOf, isolation, type Row, type Session } from "../database.ts";
import { hexText } from "../hex.ts";
import { whileWaiting } from "../../../runtime/waiting.ts";

/** Runs statements: a `PGlite`, or one of its transactions. */
export interface PGliteSession {
  /** Runs one statement. */
  query<T>(
    text: string,
    params?: unknown[],
    options?: {
      rowMode?: "array" | "object";
      blob?: Blob;
      serializers?: Record<number, (value: unknown) => string>;
    },
  ): Promise<{ rows: T[]; affectedRows?: number }>;
}

/** The subset of `PGlite` (@electric-sql/pglite) that is used. */
export interface PGlite extends PGliteSession {
  /** Runs a function in a transaction; others wait. */
  transaction<T>(work: (session: PGliteSession) => Promise<T>): Promise<T>;
  /** Runs a function while others wait; never called here. */
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Calls a function for the notifications of a channel; resolves to a function that stops it. */
  listen?(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
}

/**
 * A PGlite: one connection, whose transactions wait for each other. Nothing can end a statement that
 * runs, and none has anybody to wait for; what waits for its turn is withdrawn.
 */
export function pgliteDatabase(client: PGlite): Database {
  return databaseOf({
    isSingle: true,
    json: "$1::json",
    hasCopy: true,
    transaction: (work, signal) =>
      whileWaiting((onBegin) =>
        client.transaction(async (session) => {
          onBegin();
          await session.query(`set transaction ${isolation}`);
          const result = await work(sessionOf(session, signal));
          signal?.throwIfAborted();
          return result;
        }), signal),
    listen: client.listen && (async (channel, { onNotify }) => {
      const unlisten = await client.listen!(channel, onNotify);
      return () => unlisten().catch(() => {}); // The database was closed before.
    }),
  });
}

const blob = "'/dev/blob'"; // What a PGlite calls the data that is given beside a statement.

function sessionOf(client: PGliteSession, signal: AbortSignal | undefined): Session {
  return {
    values: async (text, params = []) => {
      signal?.throwIfAborted();
      const options = { rowMode: "array", ...writerOf(params) } as const;
      return (await client.query<unknown[]>(text, [...params], options)).rows;
    },
    rows: async (text, params = []) => {
      signal?.throwIfAborted();
      return (await client.query<Row>(text, [...params], writerOf(params))).rows;
    },
    run: async (text, params = []) => {
      signal?.throwIfAborted();
      return (await client.query(text, [...params], writerOf(params))).affectedRows;
    },
    copy: async (into, pieces) => {
      signal?.throwIfAborted();
      await client.query(`copy ${into} from ${blob}`, [], { blob: new Blob([...pieces]) });
    },
  };
}

const byteaType = 17;
const bytesAsText = {
  serializers: {
    [byteaType]: (value: unknown) => value instanceof Uint8Array ? hexText(value) : String(value),
  },
};

/** It makes a text of bytes by itself, but that keeps the thread for a second per megabyte (0.5). */
function writerOf(params: readonly unknown[]): Partial<typeof bytesAsText> {
  return params.some((param) => param instanceof Uint8Array) ? bytesAsText : {};
}
