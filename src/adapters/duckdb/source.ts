import { fail } from "../../options.ts";
import { withoutEnd } from "../../sql/statement.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { connectionRule, type DuckdbConnection } from "./client.ts";
import { type DuckdbRow, rowOf } from "./own-values.ts";

const action = "construct duckdbSource";
const endColumn = "millrace_end";

/**
 * Reads the rows of a query as they arrive, up to 2048 at once: a source for `extract`, which each run
 * reads again. Each `$1`, `$2` … of the query stands for one of `values`.
 *
 * Values are JavaScript values if those can hold every value of the type: strings, booleans, numbers for
 * `double`, `float` and integers of up to 32 bits, bigints for all larger ones, `Uint8Array`s for `blob`.
 * Lists are arrays, structs objects, maps arrays of `{ key, value }`. All others are texts as the
 * database writes them, which `duckdbSink` accepts: decimals, dates, times, timestamps (they have
 * microseconds), UUIDs, intervals. Cast in the query for another form: `epoch_ms(t)::double`.
 *
 * Give the source its own connection, such as another `instance.connect()`: the next statement on the
 * connection ends its query, and the read then fails. A query with `order by` always has the same order,
 * which a resumed run needs.
 *
 * @throws {ConfigurationError} If an argument is of the wrong kind.
 *
 * @example Above a position
 * ```ts ignore
 * import { DuckDBInstance } from "@duckdb/node-api";
 * import { etl } from "millrace";
 * import { duckdbSource } from "millrace/duckdb";
 * import { deepEqual } from "node:assert/strict";
 *
 * const connection = await (await DuckDBInstance.create(":memory:")).connect();
 * await connection.run("create table users as select * from (values (1, 'Ada'), (2, 'Grace')) t(id, name)");
 * const loaded: unknown[] = [];
 * await etl({
 *   name: "users",
 *   extract: () =>
 *     duckdbSource<{ id: number; name: string }>(
 *       connection,
 *       "select * from users where id > $1 order by id",
 *       [1],
 *     ),
 *   load: (rows) => loaded.push(...rows),
 * }).run();
 * deepEqual(loaded, [{ id: 2, name: "Grace" }]);
 * ```
 */
export function duckdbSource<Row = DuckdbRow>(
  connection: DuckdbConnection,
  sql: string,
  values: readonly unknown[] = [],
): Chunks<Row> {
  if (!connectionRule.test(connection)) {
    fail(action, "connection", connectionRule.expected, connection);
  }
  if (typeof sql !== "string") fail(action, "sql", "a query", sql);
  if (!Array.isArray(values)) fail(action, "values", "an array of values", values);
  const given = [...values];
  const pages = () => read(connection, withoutEnd(sql), given);
  return chunks({ [Symbol.asyncIterator]: pages as () => AsyncIterator<Row[]> });
}

/**
 * Yields the rows of one query that stays open. If another statement ends the query, it looks as if all
 * rows had been read. So a last row is added, which marks the end.
 */
async function* read(
  connection: DuckdbConnection,
  sql: string,
  values: readonly unknown[],
): AsyncGenerator<DuckdbRow[]> {
  const marked = `select *, false as ${endColumn} from (${sql}\n)
    union all by name select true as ${endColumn}`;
  const result = await connection.stream(marked, values as never);
  const names = result.columnNames().slice(0, -1);
  let isWhole = false;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const rows = chunk.getRows();
    const end = rows.findIndex((row) => row[names.length] === true);
    if (end >= 0) rows.splice(end, 1);
    isWhole ||= end >= 0;
    if (rows.length > 0) yield rows.map((row) => rowOf(names, row));
  }
  if (isWhole) return;
  throw new Error(
    "The query was ended by another statement on its connection: give the source one of its own",
  );
}
