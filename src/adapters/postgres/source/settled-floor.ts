import type { Database } from "../database.ts";
import { settings } from "./layout.ts";
import { fromQuery } from "./page.ts";
import type { Query, View } from "./query.ts";
import { fieldsOf } from "./rows.ts";

/**
 * Up to which number a query is settled although somebody writes into its table: to the position that
 * an earlier run has reached, else to the number before its first row, if that is in the table or is
 * the one before the first of the sequence. Nobody knows where none of it is so.
 */
export async function floorOf(
  query: Query,
  view: View,
  tables: string,
  above: readonly string[] | undefined,
): Promise<bigint | undefined> {
  if (above !== undefined) return BigInt(query.after![0]!);
  const { database } = query;
  const first = await lowest(query, view);
  const [column] = view.key.columns;
  const found = await database.values(tableQuery, [tables, column!.name]);
  if (first === undefined || found.length !== 1) return undefined;
  const [table, name, started] = found[0] as [string, string, string | null];
  const before = await highestBelow(database, table, name, first).catch(() => undefined);
  if (before === undefined) return undefined; // Who may read a view need not be allowed its table.
  const number = before ?? started;
  return number !== null && BigInt(number) + 1n === BigInt(first) ? BigInt(number) : undefined;
}

/** The table that has the column, and the number before the first of its sequence. */
const tableQuery = `select
    pg_catalog.textout(pg_catalog.format('%I.%I', n.nspname, c.relname)),
    pg_catalog.textout(pg_catalog.format('%I', a.attname)),
    pg_catalog.textout((select (seqstart - 1)::text from pg_catalog.pg_sequence
      where seqincrement = 1 and seqrelid = pg_catalog.pg_get_serial_sequence(
        pg_catalog.format('%I.%I', n.nspname, c.relname), a.attname)::pg_catalog.regclass))
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = $2::text
  where c.oid = any ($1::text::pg_catalog.oid[]) and not c.relispartition
    and a.atttypid in (20, 21, 23)`;

async function highestBelow(
  database: Database,
  table: string,
  name: string,
  key: string,
): Promise<string | null> {
  const statement = `select pg_catalog.textout(max(${name})::text) from ${table}
    where ${name} < $1::text::pg_catalog.int8`;
  const [row] = await database.values(statement, [key]);
  return row![0] as string | null;
}

async function lowest(
  { database, sql, params }: Query,
  { layout, key }: View,
): Promise<string | undefined> {
  const [name] = key.names;
  const rows = await database.values(
    `select pg_catalog.record_out(row(${name})) ${fromQuery(sql, layout)}
      where ${settings} and ${name} is not null order by ${name} limit 1`,
    params,
  );
  return rows.length === 0 ? undefined : fieldsOf(rows[0]![0], 1)[0]!;
}
