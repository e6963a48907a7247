/**
 * Keys that the database makes, which the rows below are given.
 * @module
 */
import { quoteName } from "../../../sql/names.ts";
import type { Session } from "../database.ts";
import type { KnownTable } from "../known-table.ts";
import type { Column } from "../table/columns.ts";
import type { UniqueIndex } from "../table/unique-indexes.ts";
import { Bound, hasValues } from "./bound.ts";
import type { Values } from "./step.ts";

const defaultsQuery = `select a.attnum::text, coalesce(
    'pg_catalog.nextval(' || pg_catalog.quote_literal(case when a.attidentity <> '' then
      pg_catalog.pg_get_serial_sequence($1::text, a.attname::text) end) || ')',
    case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end)
  from pg_catalog.pg_attribute a
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = pg_catalog.to_regclass($1::text) and a.attnum > 0 and not a.attisdropped`;

/** Looks up by what a table fills each column, by the number of the column. */
export async function readDefaults(
  session: Session,
  table: string,
): Promise<ReadonlyMap<string, string | null>> {
  const rows = await session.values(defaultsQuery, [table]) as [string, string | null][];
  return new Map(rows);
}

/** Generates the values of columns for a number of rows, as the table would: their texts by row. */
export async function makeValues(
  session: Session,
  defaults: ReadonlyMap<string, string | null>,
  columns: readonly Column[],
  count: number,
): Promise<readonly (readonly (string | null)[])[]> {
  const values = columns.map(({ number }) => `(${defaults.get(number) ?? "null"})::text`);
  const text = `select ${values.join(", ")} from pg_catalog.generate_series(1, ${count})`;
  return await session.values(text) as (string | null)[][];
}

/** Looks up values of columns by the keys of rows: their texts by the place of the key. */
export async function findValues(
  session: Session,
  { table, json }: { readonly table: KnownTable; readonly json: string },
  columns: readonly Column[],
  { keys, index }: { readonly keys: Values; readonly index: UniqueIndex | undefined },
): Promise<ReadonlyMap<number, readonly (string | null)[]>> {
  const bound = new Bound(json);
  const texts = columns.map(({ name }) => `t.${quoteName(name)}::text`);
  const text = `select k.place::text, ${texts.join(", ")}
    from ${bound.numbered(keys)} as k join ${table.target.table} as t
    on ${hasValues("t", keys.columns, "k", index)}`;
  const rows = await session.values(text, bound.params) as [string, ...(string | null)[]][];
  return new Map(rows.map(([place, ...values]) => [Number(place) - 1, values]));
}
