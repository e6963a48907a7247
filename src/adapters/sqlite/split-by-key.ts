import { checkOptions, fail, type OptionTable, positiveInteger } from "../../options.ts";
import { quoteName } from "../../sql/names.ts";
import { database, queryRows, type SqliteDatabase } from "./client.ts";
import { keyAsJson, type SqliteKey } from "./key-json.ts";
import { name } from "../../sql/sqlite/names.ts";

/** A part of a table: the rows whose keys are above `after` and not above `upTo`. JSON can hold it. */
export interface SqliteKeyRange {
  /** The key just below the range; `null` for the first range, which has no beginning. */
  readonly after: SqliteKey | null;
  /** The last key of the range; `null` for the last range, which has no end. */
  readonly upTo: SqliteKey | null;
}

/** Options for splitting a table. */
export interface SqliteSplitOptions {
  /** Number of rows in each range except the last: a positive integer. @default {100_000} */
  readonly rows?: number | undefined;
}

const splitOptions: OptionTable<SqliteSplitOptions> = { rows: [positiveInteger, 100_000] };

const action = "split a table";

/**
 * Splits a table into consecutive ranges of a key that contain each row exactly once. Use it for the
 * `split` of a job whose partitions `sqliteSource` reads by `after` and `upTo`. The database compares the
 * keys, so the key may be any column, with gaps. It should have an index, which is scanned once. A table
 * without rows is one range.
 *
 * Keys below the first bound or above the last one belong to the first or the last range, so a row
 * inserted later is also in exactly one range. The bounds depend on the number of rows. If the
 * coordinator was killed and splits again, it cuts at other places if rows below the last bound were
 * inserted or deleted in between. Do not change the table until it is split.
 *
 * @throws {ConfigurationError} If an argument breaks its rule, or a key is `NULL` in a row.
 *
 * @example Five rows, two by two
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { splitByKey, sqliteSource } from "millrace/sqlite";
 * import { deepEqual } from "node:assert/strict";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec("create table sale (id integer primary key)");
 * db.exec("insert into sale values (1), (2), (5), (70), (900)");
 * const ranges = splitByKey(db, "sale", "id", { rows: 2 });
 * deepEqual(ranges, [
 *   { after: null, upTo: 2 },
 *   { after: 2, upTo: 70 },
 *   { after: 70, upTo: null },
 * ]);
 * const { source } = sqliteSource(db, "select * from sale", [], { key: "id", ...ranges[1] });
 * deepEqual([...(source as Iterable<unknown[]>)].flat().map((row) => ({ ...(row as object) })), [
 *   { id: 5 },
 *   { id: 70 },
 * ]);
 * ```
 */
export function splitByKey(
  db: SqliteDatabase,
  table: string,
  key: string,
  options: SqliteSplitOptions = {},
): SqliteKeyRange[] {
  if (!database.test(db)) fail(action, "db", database.expected, db);
  for (const [what, given] of [["table", table], ["key", key]] as const) {
    if (!name.test(given)) fail(action, what, name.expected, given);
  }
  const { rows } = checkOptions(action, options, splitOptions);
  // With a table before it, an unknown name in quotes is an error, and not taken for a text.
  const [from, column] = [`from ${quoteName(table)} as page`, `page.${quoteName(key)}`];
  if (queryRows(db, `select 1 as one ${from} where ${column} is null limit 1`, []).length > 0) {
    fail(action, "key", "a column that is NULL in no row", key);
  }
  const bounds = queryRows(
    db,
    `select bound from (
      select lag(${column}) over keys as bound, row_number() over keys as place
      ${from} window keys as (order by ${column})
    ) where place > 1 and (place - 1) % ? = 0 order by place`,
    [BigInt(rows)],
  );
  const ranges: SqliteKeyRange[] = [];
  let after: SqliteKey | null = null;
  for (const { bound } of bounds) {
    const upTo = keyAsJson(bound!);
    // More rows of one key than a range has, or a key that JSON cannot hold.
    if (upTo === undefined || JSON.stringify(upTo) === JSON.stringify(after)) continue;
    ranges.push({ after, upTo });
    after = upTo;
  }
  return [...ranges, { after, upTo: null }];
}
