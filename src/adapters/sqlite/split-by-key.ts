import { checkOptions, fail, type OptionTable, positiveInteger } from "../../options.ts";
import { quoteName } from "../../sql/names.ts";
import { database, queryRows, type SqliteDatabase } from "./client.ts";
import { keyAsJson, type SqliteKey } from "./key-json.ts";
import { name } from "../../sql/sqlite/names.ts";

/** A part of a table: the rows whose keys are above one and not above another. What JSON can hold. */
export interface SqliteKeyRange {
  /** The key that is below all of it; `null` for the first range, which has no beginning. */
  readonly after: SqliteKey | null;
  /** The last key of it; `null` for the last range, which has no end. */
  readonly upTo: SqliteKey | null;
}

/** Options for splitting a table. */
export interface SqliteSplitOptions {
  /** Rows of each range, but the last: a positive integer. @default {100_000} */
  readonly rows?: number | undefined;
}

const splitOptions: OptionTable<SqliteSplitOptions> = { rows: [positiveInteger, 100_000] };

const action = "split a table";

/**
 * Splits a table into ranges of a key, one after the other, that have each row exactly once: for the
 * `split` of a job, whose partitions `sqliteSource` reads by `after` and `upTo`. The database
 * compares, so that the key may be any column, with gaps; it should have an index, which is walked
 * once. A table without rows is one range.
 *
 * Keys below the first one and above the last one belong to the first and the last range, so a row
 * that is inserted later is in exactly one as well. The bounds depend on how many rows there are: a
 * split that is begun again, as the coordinator was killed, cuts elsewhere if rows were inserted or
 * deleted below the last bound in between. Do not change the table until it is split.
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
