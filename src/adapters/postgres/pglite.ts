import type { Database, Row, Session } from "./database.ts";

/** What runs statements: a `PGlite`, or one of its transactions. */
export interface PGliteSession {
  /** Runs one statement. */
  query<T>(
    text: string,
    params?: unknown[],
    options?: { rowMode?: "array" | "object"; blob?: Blob },
  ): Promise<{ rows: T[] }>;
}

/** The subset of `PGlite` (@electric-sql/pglite) that is used. */
export interface PGlite extends PGliteSession {
  /** Runs a function in a transaction; others wait. */
  transaction<T>(work: (session: PGliteSession) => Promise<T>): Promise<T>;
  /** Runs a function while others wait; never called here. */
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
}

/** A PGlite: one connection, whose transactions wait for each other. */
export function pgliteDatabase(client: PGlite): Database {
  return {
    isSingle: true,
    json: "$1::json",
    hasCopy: true,
    ...sessionOf(client),
    transaction: (work) =>
      client.transaction((session) =>
        work({
          ...sessionOf(session),
          copy: (statement, text) =>
            session.query(statement.replace(/ stdin /i, " '/dev/blob' "), [], {
              blob: new Blob([text]),
            }),
        })
      ),
  };
}

function sessionOf(client: PGliteSession): Session {
  return {
    values: async (text, params = []) =>
      (await client.query<unknown[]>(text, [...params], { rowMode: "array" })).rows,
    rows: async (text, params = []) => (await client.query<Row>(text, [...params])).rows,
  };
}
