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
  /** Rows that are read at once: a positive integer. @default {1000} */
  chunkSize?: number | undefined;
  /**
   * `"lossless"`: values are JavaScript's own where these hold every value of the type, else the text
   * of the database; `postgresSink` stores them unchanged. `"client"`: what the client makes of them.
   *
   * @default {"lossless"}
   */
  values?: "lossless" | "client" | undefined;
  /**
   * Columns of the result by which it is read in pages, each a statement of its own, in their
   * order: together unique, and never null. Without it a cursor reads the result.
   */
  key?: string | readonly string[] | undefined;
  /**
   * The position at which an earlier read ended: only rows whose key is above it are read. A value of
   * the key, or an array of them if `key` is an array; `undefined` and `null` for all rows. Needs `key`.
   */
  after?: unknown;
  /**
   * The last key that is read, in the form of `after`: of a range of `splitByKey`. A key that is null
   * is not noticed then. Without it, and with `null`, all rows to the end. Needs `key`.
   */
  upTo?: unknown;
  /**
   * Reads again the rows up to so far below `after`: a number for a key of numbers, or an interval
   * such as `"10 minutes"` for one of times. Needs `after`. The sink must take rows twice.
   */
  lag?: number | string | undefined;
  /**
   * Stops below the first key that a transaction that is still open may commit, so that a later read
   * finds it above its `after`. Needs a `key` that is one column of integers which a sequence counts up
   * within the insert, or that begins with a `timestamptz` that is `now()`. A read waits for up to a
   * second for writers.
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
 * Returns the rows of a query as a source, in chunks, one of which is read ahead. Each run reads it
 * again.
 *
 * Values arrive so that `postgresSink` stores them unchanged: as JavaScript's own where these hold
 * every value of the type, else as the text of the database. The text of a `json`, `jsonb` or `money`
 * is a `PgText`. Each column needs a name of its own.
 *
 * A cursor sees the data as it was when it was opened, at the first read. It keeps one connection of
 * a pool in a transaction until its end; a client with one connection keeps the result instead.
 * Pages by `key` keep nothing, and each sees the data as it is then. A key that is null, or that the
 * database holds equal to another one, fails the read with a `ConfigurationError`. Cancelling has
 * the server end the statement that runs, then gives the connection back.
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
 * Refuses options without effect.
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
