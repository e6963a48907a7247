import {
  abortSignal,
  checkOptions,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
} from "../../options.ts";
import { distinctNames } from "../../sql/distinct-names.ts";
import { quoteNames } from "../../sql/names.ts";
import { openDatabase, type PostgresClient } from "./client.ts";
import { tableName } from "./names.ts";
import { hasNull, keyOf } from "./source/key.ts";
import { readLayout, settings } from "./source/layout.ts";
import { fromQuery, recordOf } from "./source/page.ts";
import { fieldsOf } from "./source/rows.ts";

/** A part of a table: the rows whose keys are above `after` and not above `upTo`. JSON can hold it. */
export interface PostgresKeyRange {
  /**
   * The key just below the range, as a text, or texts for a key of several columns; `null` for the first
   * range.
   */
  readonly after: string | readonly string[] | null;
  /** The last key of the range; `null` for the last range, which has no end. */
  readonly upTo: string | readonly string[] | null;
}

/** Options for splitting a table. */
export interface PostgresSplitOptions {
  /** Number of rows in each range except the last: a positive integer. @default {100_000} */
  rows?: number | undefined;
  /** The schema of the table. By default the connection's search path finds it. */
  schema?: string | undefined;
  /** Ends the walk when it aborts. */
  signal?: AbortSignal | undefined;
}

const splitOptions: OptionTable<PostgresSplitOptions> = {
  rows: [positiveInteger, 100_000],
  schema: [nonEmptyString],
  signal: [abortSignal],
};

const action = "split a table";
const names = distinctNames(nonEmptyString, (name) => name);
const keyRule = "a non-empty string or a non-empty array of distinct ones";

/**
 * Splits a table into consecutive ranges of a key that contain each row exactly once. Use it for the
 * `split` of a job whose partitions `postgresSource` reads by `after` and `upTo`. The database compares
 * the keys, so the key may have any sortable type, with gaps. It should have an index, which is scanned
 * once. A table without rows is one range.
 *
 * Keys below the first bound or above the last one belong to the first or the last range, so a row
 * inserted later is also in exactly one range. The bounds depend on the number of rows. If the
 * coordinator was killed and splits again, it cuts at other places if rows below the last bound were
 * inserted or deleted in between. Do not change the table until it is split, or split it by numbers of
 * your own.
 *
 * @throws {ConfigurationError} If an argument breaks its rule, or a key is null in a row.
 *
 * @example Five rows, two by two
 * ```ts
 * import { PGlite } from "@electric-sql/pglite";
 * import { postgresSource, splitByKey } from "millrace/postgres";
 * import { deepEqual } from "node:assert/strict";
 *
 * const client = new PGlite(); // Or the pool of pg or postgres.
 * await client.exec("create table sale (id int primary key)");
 * await client.exec("insert into sale values (1), (2), (5), (70), (900)");
 * const ranges = await Array.fromAsync(splitByKey(client, "sale", "id", { rows: 2 }));
 * deepEqual(ranges, [
 *   { after: null, upTo: "2" },
 *   { after: "2", upTo: "70" },
 *   { after: "70", upTo: null },
 * ]);
 * const { source } = postgresSource(client, "select * from sale", [], { key: "id", ...ranges[1] });
 * deepEqual(await Array.fromAsync(source), [[{ id: 5 }, { id: 70 }]]);
 * await client.close();
 * ```
 */
export async function* splitByKey(
  client: PostgresClient,
  table: string,
  key: string | readonly string[],
  options: PostgresSplitOptions = {},
): AsyncGenerator<PostgresKeyRange> {
  if (!nonEmptyString.test(table)) fail(action, "table", nonEmptyString.expected, table);
  const columns = typeof key === "string" ? [key] : key;
  if (!names.test(columns)) fail(action, "key", keyRule, key);
  const { rows, schema, signal } = checkOptions<PostgresSplitOptions, "schema" | "signal">(
    action,
    options,
    splitOptions,
  );
  const database = openDatabase(action, client);
  const sql = `select ${quoteNames(columns)} from ${tableName(table, schema)}`;
  const values = (text: string, params: readonly unknown[] = []) =>
    database.values(text, params, signal);
  const layout = await readLayout({ values }, sql, []);
  const sorted = keyOf(layout, columns);
  const from = fromQuery(sql, layout);
  const nulls = await values(`select 1 ${from} where ${hasNull(sorted)} limit 1`);
  if (nulls.length > 0) fail(action, "key", "columns that are null in no row", key);
  const before = sorted.names.map((name) => `pg_catalog.lag(${name}) over keys as ${name}`);
  const bounds = await values(
    `select pg_catalog.record_out(${recordOf(layout)}) from (
        select ${before.join(", ")}, pg_catalog.row_number() over keys as place
        ${from} where ${settings} window keys as (order by ${sorted.names.join(", ")})
      ) as walked
      where place > 1 and (place - 1) % $1::text::pg_catalog.int8 = 0 order by place`,
    [String(rows)],
  );
  let after: PostgresKeyRange["after"] = null;
  for (const [record] of bounds) {
    const fields = fieldsOf(record, columns.length) as string[];
    const upTo = typeof key === "string" ? fields[0]! : fields;
    if (String(upTo) === String(after)) continue; // More rows of one key than a range has.
    yield { after, upTo };
    after = upTo;
  }
  yield { after, upTo: null };
}
