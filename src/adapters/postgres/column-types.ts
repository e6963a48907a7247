import { refuse } from "../../options.ts";
import { type Kind, kindOf } from "./cells.ts";
import type { Database } from "./database.ts";

/** A column of a table. */
export interface Column {
  /** Its name. */
  readonly name: string;
  /** Its type, as the database writes it: safe to put into a statement. */
  readonly type: string;
  /** Which values go into it, and how. */
  readonly kind: Kind;
}

/** What is known of a table. */
export interface Layout {
  /** The columns that are loaded, in their order. */
  readonly columns: readonly Column[];
  /** The columns of its primary key; none if it has none. */
  readonly primaryKey: readonly string[];
}

/** A type, followed through its domains to the one below them. */
const typeColumns = `t.typname::text, t.typcategory::text, e.typname::text, e.typcategory::text
  from base join pg_catalog.pg_type t on t.oid = base.type and t.typtype <> 'd'
  left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'`;
const followDomains = `union all select base.name, base.written, t.typbasetype
  from base join pg_catalog.pg_type t on t.oid = base.type and t.typtype = 'd'`;

const tableQuery = `with recursive base (name, written, type) as (
    select attname::text, pg_catalog.format_type(atttypid, atttypmod), atttypid
    from pg_catalog.pg_attribute
    where attrelid = pg_catalog.to_regclass($1::text) and attnum > 0 and not attisdropped
    ${followDomains}
  ) select base.name, base.written, ${typeColumns}`;

const namesQuery = `with recursive base (name, written, type) as (
    select name, pg_catalog.format_type(type, null), type
    from (select name, pg_catalog.to_regtype(name)::oid as type
      from pg_catalog.json_array_elements_text($1::text::json) as name) as given
    ${followDomains}
  ) select base.name, base.written, ${typeColumns}`;

const keyQuery = `select a.attname::text
  from pg_catalog.pg_index i
  cross join lateral pg_catalog.unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
  join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = pg_catalog.to_regclass($1::text) and i.indisprimary
    and k.place <= i.indnkeyatts
  order by k.place`;

/**
 * Looks up the types of columns, and the primary key.
 * @param table The quoted name of the table.
 * @param given Types by column that stand in for those of the table.
 * @throws {ConfigurationError} If there is no such table, column or type.
 */
export async function readLayout(
  database: Database,
  table: string,
  names: readonly string[],
  given: Readonly<Record<string, string>>,
): Promise<Layout> {
  const typeOf = (name: string) => Object.hasOwn(given, name) ? given[name] : undefined;
  const types = [...new Set(names.flatMap((name) => typeOf(name) ?? []))];
  const named = types.length === 0
    ? []
    : await database.values(namesQuery, [JSON.stringify(types)]);
  const found = await database.values(tableQuery, [table]);
  if (found.length === 0) refuse("load rows", "table", "a table that is there", table);
  const own = new Map(found.map((row) => [row[0], row]));
  const other = new Map(named.map((row) => [row[0], row]));
  const columns = names.map((name) => {
    const type = typeOf(name);
    const row = type === undefined ? own.get(name) : other.get(type);
    if (!own.has(name)) refuse("load rows", "columns", `columns of ${table}`, name);
    if (row === undefined) refuse("load rows", "types", "types of the database", type);
    const [, written, ...kind] = row as [string, string, string, string, string?, string?];
    return { name, type: written, kind: kindOf(...kind) };
  });
  const primaryKey = (await database.values(keyQuery, [table])).map(([name]) => String(name));
  return { columns, primaryKey };
}
