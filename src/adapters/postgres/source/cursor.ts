import { holdSession, type Session } from "../database.ts";
import { quoteName } from "../../../sql/names.ts";
import { readLayout, settings } from "./layout.ts";
import { fromQuery, recordOf } from "./page.ts";
import type { Query, Reader } from "./query.ts";
import { checkNames, rowReader } from "./rows.ts";
import type { Row } from "../database.ts";

/** A cursor in a transaction of its own connection. */
export async function cursor(query: Query): Promise<Reader> {
  const held = holdSession(query.client, query.signal);
  const name = newName();
  try {
    const fetch = await held.use((session) => declare(session, query, name, ""));
    return {
      read: () => held.use(fetch),
      close: held.release, // The end of its transaction is the end of a cursor.
    };
  } catch (error) {
    await held.release().catch(() => {}); // The error of the query says more.
    throw error;
  }
}

/** Returns a cursor for one shared connection, on which a transaction would make the loads wait. */
export async function keptCursor(query: Query): Promise<Reader> {
  const { client, database } = query;
  const name = newName();
  const fetch = await database.transaction((session) => declare(session, query, name, "with hold"));
  return {
    read: () => fetch(database),
    close: async () => void await client.rows(`close ${name}`),
  };
}

function newName(): string {
  return quoteName(`millrace_${crypto.randomUUID()}`);
}

/**
 * Opens a cursor, and returns a function that fetches from it. The columns stay locked in its
 * transaction.
 */
async function declare(
  session: Session,
  { sql, params, chunkSize, values }: Query,
  name: string,
  how: string,
): Promise<(session: Pick<Session, "rows" | "values">) => Promise<Row[]>> {
  const open = (query: string) =>
    session.rows(`declare ${name} no scroll cursor ${how} for ${query}`, params);
  const next = `fetch forward ${chunkSize} from ${name}`;
  if (values === "client") {
    await open(sql);
    return ({ rows }) => rows(next);
  }
  const layout = await readLayout(session, sql, params);
  checkNames(sql, layout);
  await open(
    `select pg_catalog.record_out(${recordOf(layout)}) ${fromQuery(sql, layout)} where ${settings}`,
  );
  const toRow = rowReader(layout);
  return async ({ values }) => (await values(next)).map(([text]) => toRow(text));
}
