import {
  checkOptions,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
  refuse,
  type Rule,
} from "../../options.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { type Database, heeding, holdSession, type Row } from "./database.ts";
import { quoteName } from "./names.ts";
import { openDatabase, type PostgresClient } from "./open-database.ts";

/** How rows are read. */
export interface PostgresSourceOptions {
  /** Rows that are read at once: a positive integer. @default {1000} */
  chunkSize?: number | undefined;
  /**
   * Columns of the result by which it is read in pages, each a statement of its own, in their
   * order: together unique, and never null. Without it a cursor reads the result.
   */
  key?: string | readonly string[] | undefined;
}

const keyRule: Rule = {
  words: "a non-empty string or an array of them",
  holds: (value) =>
    nonEmptyString.holds(value) ||
    (Array.isArray(value) && value.length > 0 && value.every(nonEmptyString.holds)),
};

const sourceOptions: OptionTable<PostgresSourceOptions> = {
  chunkSize: [positiveInteger, 1000],
  key: [keyRule],
};

/** Gives the next rows; fewer than were asked for at the end. */
interface Reader {
  read(): Promise<Row[]>;
  /** Gives back whatever was taken. Not called while a read is pending. */
  close(): Promise<void>;
}

/**
 * The rows of a query as a source, in chunks, one of which is read ahead.
 *
 * A cursor sees the data as it was when it was opened, at the first read. It keeps one connection of
 * a pool in a transaction until its end; a client with one connection keeps the result instead.
 * Pages by `key` keep nothing, and each sees the data as it is then. Cancelling has the server end
 * the statement that runs, then gives the connection back.
 *
 * @example Three rows
 * ```ts
 * import { etl } from "millrace";
 * import { postgresSource } from "millrace/postgres";
 * import { PGlite } from "@electric-sql/pglite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const client = new PGlite();
 * const extract = () => postgresSource<{ n: number }>(client, "select generate_series(1, $1::int) n", [3]);
 * const seen: number[] = [];
 * const load = (rows: { n: number }[]) => void seen.push(...rows.map(({ n }) => n));
 * await etl({ name: "numbers", extract, load }).run();
 * deepEqual(seen, [1, 2, 3]);
 * await client.close();
 * ```
 *
 * @throws {ConfigurationError} If the client is of no known kind, or an option breaks its rule.
 */
export function postgresSource<T = Row>(
  client: PostgresClient,
  sql: string,
  params: readonly unknown[] = [],
  options: PostgresSourceOptions = {},
): Chunks<T> {
  const action = "construct postgresSource";
  const { chunkSize, key } = checkOptions<PostgresSourceOptions, "key">(
    action,
    options,
    sourceOptions,
  );
  if (typeof sql !== "string") refuse(action, "sql", "a query", sql);
  if (!Array.isArray(params)) refuse(action, "params", "an array of values", params);
  const stop = new AbortController(); // Nobody reads any more.
  const database = openDatabase(action, client);
  const { signal } = stop;
  const query: Query = { database, sql: statementOf(sql), params, chunkSize, signal };
  const open = key === undefined
    ? () => database.isSingle ? keptCursor(query) : cursor(query)
    : () => pages(query, typeof key === "string" ? [key] : key);
  return chunks(readableOf(open, chunkSize, stop) as ReadableStream<T[]>);
}

interface Query {
  readonly database: Database;
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly chunkSize: number;
  readonly signal: AbortSignal;
}

/** Without a semicolon at its end, as it becomes part of another statement. */
function statementOf(sql: string): string {
  return sql.replace(/[\s;]+$/, "");
}

function readableOf(
  open: () => Promise<Reader>,
  chunkSize: number,
  stop: AbortController,
): ReadableStream<Row[]> {
  let reader: Promise<Reader> | undefined;
  let next: Promise<Row[]> | undefined;
  const readAhead = () => {
    next = reader!.then((reader) => reader.read());
    next.catch(() => {}); // The next pull is told.
  };
  const close = async () => {
    await next?.catch(() => {}); // A statement that failed leaves its connection to be given back.
    await (await reader?.catch(() => undefined))?.close(); // Nothing was taken if it did not open.
  };
  return new ReadableStream<Row[]>({
    async pull(controller) {
      try {
        if (next === undefined) {
          reader = open();
          readAhead();
        }
        const rows = await next!;
        const isLast = rows.length < chunkSize;
        if (isLast) await close();
        else readAhead();
        if (rows.length > 0) controller.enqueue(rows);
        if (isLast) controller.close();
      } catch (error) {
        await close().catch(() => {}); // The error that came first says more.
        throw error;
      }
    },
    cancel: () => {
      stop.abort(); // What runs is ended by the server.
      return close();
    },
  }, { highWaterMark: 0 }); // Nothing is taken before the first read.
}

/** A cursor in a transaction of its own connection. */
async function cursor({ database, sql, params, chunkSize, signal }: Query): Promise<Reader> {
  const held = holdSession(database, signal);
  const name = quoteName(`millrace_${crypto.randomUUID()}`);
  try {
    await held.use((session) =>
      session.rows(`declare ${name} no scroll cursor for ${sql}`, params)
    );
  } catch (error) {
    await held.release().catch(() => {}); // The error of the query says more.
    throw error;
  }
  return {
    read: () => held.use((session) => session.rows(`fetch forward ${chunkSize} from ${name}`)),
    close: held.release, // The end of its transaction is the end of a cursor.
  };
}

/** Where everybody shares one connection, a transaction would keep the loads waiting. */
async function keptCursor(
  { database, sql, params, chunkSize, signal }: Query,
): Promise<Reader> {
  const name = quoteName(`millrace_${crypto.randomUUID()}`);
  const { rows } = heeding(database, signal);
  await rows(`declare ${name} no scroll cursor with hold for ${sql}`, params);
  return {
    read: () => rows(`fetch forward ${chunkSize} from ${name}`),
    close: async () => void await database.rows(`close ${name}`),
  };
}

const keyText = "millrace key"; // A column of its own, at the end.

async function pages(
  { database: own, sql, params, chunkSize, signal }: Query,
  key: readonly string[],
): Promise<Reader> {
  const database = heeding(own, signal);
  const columns = key.map((name) => `page.${quoteName(name)}`);
  const select = (where: string) =>
    `select page.*, pg_catalog.json_build_array(${columns.map((name) => `${name}::text`)})::text
      as ${quoteName(keyText)} from (${sql}\n) as page ${where}
    order by ${columns.join(", ")} limit ${chunkSize + 1}`;
  const types = await database.values(
    `select ${columns.map((name) => `pg_catalog.pg_typeof(${name})::text`).join(", ")}
      from (select) as one left join (${sql}\n) as page on false`,
    params,
  );
  // Each as text: what a client makes of a time has lost its microseconds.
  const last = columns.map((_, n) => `$${params.length + 1 + n}::text::${String(types[0]![n])}`);
  const following = select(`where (${columns.join(", ")}) > (${last.join(", ")})`);
  let position: string[] | undefined;
  return {
    read: async () => {
      const rows = position === undefined
        ? await database.rows(select(""), params)
        : await database.rows(following, [...params, ...position]);
      position = takeKeys(rows, chunkSize, key) ?? position;
      return rows;
    },
    close: async () => {},
  };
}

/**
 * Takes the texts of the keys off the rows, and the row beyond the page; gives the last key.
 * @throws {TypeError} If the page that follows would leave out rows.
 */
function takeKeys(rows: Row[], pageSize: number, key: readonly string[]): string[] | undefined {
  const name = Object.keys(rows.at(-1) ?? {}).at(-1) ?? keyText; // A client may rename columns.
  const next = rows.length > pageSize ? rows.pop() : undefined;
  const texts = [rows.at(-1), next].map((row) => row?.[name] as string | undefined);
  for (const row of rows) delete row[name];
  const [last, beyond] = texts.map((text) => text && JSON.parse(text)) as (string[] | undefined)[];
  // Nulls come last and are above nothing; of equal keys the next page would leave some out.
  const hasNull = [...last ?? [], ...beyond ?? []].some((part) => part === null);
  if (hasNull || (next !== undefined && texts[0] === texts[1])) {
    const fault = hasNull ? "null in a row" : "not unique";
    throw new TypeError(`Cannot read pages as the key ${key.join(", ")} is ${fault}`);
  }
  return last;
}
