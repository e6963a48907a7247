import {
  checkOptions,
  fail,
  finitePositive,
  nonEmptyString,
  oneOf,
  type OptionTable,
  positiveInteger,
  type Rule,
  truthValue,
} from "../../options.ts";
import { withoutEnd } from "../../sql/statement.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { heeding, type Row } from "./database.ts";
import { openDatabase, type PostgresClient } from "./client.ts";
import { cursor, keptCursor } from "./source/cursor.ts";
import { pages } from "./source/pages.ts";
import type { Query, Reader } from "./source/query.ts";
import { keyTexts } from "./source/start.ts";

/** Options for reading rows. */
export interface PostgresSourceOptions {
  /** Number of rows to read at once: a positive integer. @default {1000} */
  chunkSize?: number | undefined;
  /**
   * Form of the values. `"lossless"`: JavaScript values if they can hold every value of the type,
   * otherwise the text of the database; `postgresSink` stores them unchanged. `"client"`: the values of
   * the client.
   *
   * @default {"lossless"}
   */
  values?: "lossless" | "client" | undefined;
  /**
   * Columns of the result by which it is read in pages, in their order; together they must be unique and
   * never null. Each page is its own statement. Without `key`, a cursor reads the result.
   */
  key?: string | readonly string[] | undefined;
  /**
   * The position at which an earlier read ended: only rows whose key is above it are read. A value of the
   * key, or an array of them if `key` is an array; `undefined` and `null` read all rows. Needs `key`.
   */
  after?: unknown;
  /**
   * The last key to read, in the form of `after`, such as the end of a range of `splitByKey`. A key that
   * is null is then not detected. Without it, or with `null`, all rows to the end are read. Needs `key`.
   */
  upTo?: unknown;
  /**
   * Distance below `after` from which rows are read again: a number for a numeric key, or an interval
   * such as `"10 minutes"` for a key of times. Needs `after`. The sink must accept rows twice.
   */
  lag?: number | string | undefined;
  /**
   * If true, reading stops below the first key that an open transaction may still commit, so that a later
   * read finds it above its `after`. Needs a `key` of one integer column that a sequence fills within the
   * insert, or a `key` that begins with a `timestamptz` that is `now()`. A read waits up to a second for
   * writers.
   *
   * @default {false}
   */
  settled?: boolean | undefined;
}

const keyRule: Rule = {
  expected: "a non-empty string or an array of them",
  test: (value) =>
    nonEmptyString.test(value) ||
    (Array.isArray(value) && value.length > 0 && value.every(nonEmptyString.test)),
};

const lagRule: Rule = {
  expected: "a finite number above 0, or an interval in words",
  test: (value) => nonEmptyString.test(value) || finitePositive.test(value),
};

const anything: Rule = { expected: "anything", test: () => true };

const sourceOptions: OptionTable<PostgresSourceOptions> = {
  chunkSize: [positiveInteger, 1000],
  values: [oneOf("lossless", "client"), "lossless"],
  key: [keyRule],
  after: [anything],
  upTo: [anything],
  lag: [lagRule],
  settled: [truthValue, false],
};

const action = "construct postgresSource";

/**
 * Returns the rows of a query as a source, in chunks, with one chunk read ahead. Each run reads it again.
 *
 * `postgresSink` stores the values unchanged: they are JavaScript values if those can hold every value of
 * the type, otherwise the text of the database. The text of a `json`, `jsonb` or `money` is a `PgText`.
 * Each column needs a unique name.
 *
 * A cursor sees the data as it was at the first read. It holds one connection of a pool in a transaction
 * until its end; a client with one connection holds the result instead. Pages by `key` hold nothing, and
 * each sees the data as it is then. A key that is null or equal to another one fails the read with a
 * `ConfigurationError`. Cancelling makes the server end the running statement, then returns the
 * connection.
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
  const checked = checkOptions<PostgresSourceOptions, "key" | "after" | "upTo" | "lag">(
    action,
    options,
    sourceOptions,
  );
  if (typeof sql !== "string") fail(action, "sql", "a query", sql);
  if (!Array.isArray(params)) fail(action, "params", "an array of values", params);
  checkPages(options);
  const { chunkSize, key, lag, settled, values } = checked;
  const stop = new AbortController();
  const database = openDatabase(action, client);
  const query: Query = {
    ...{ chunkSize, lag, settled, values, params: [...params], sql: withoutEnd(sql) },
    client: database,
    database: heeding(database, stop.signal),
    after: keyTexts(action, "after", checked.after, key),
    last: keyTexts(action, "upTo", checked.upTo, key),
    signal: stop.signal,
  };
  const open = key === undefined
    ? () => database.isSingle ? keptCursor(query) : cursor(query)
    : () => pages(query, typeof key === "string" ? [key] : key);
  return chunks(readableOf(open, chunkSize, stop) as ReadableStream<T[]>);
}

/**
 * Rejects options without effect.
 * @throws {ConfigurationError} If one needs another that is not given.
 */
function checkPages(options: PostgresSourceOptions): void {
  const { key, lag } = options;
  for (const name of ["after", "upTo", "lag", "settled"] as const) {
    if (key !== undefined || options[name] === undefined || options[name] === false) continue;
    fail(action, name, "omitted without 'key'", options[name]);
  }
  if (lag !== undefined && !Object.hasOwn(options, "after")) {
    fail(action, "lag", "omitted without 'after'", lag);
  }
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
