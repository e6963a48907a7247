import type { Session } from "../database.ts";

/** The type `money` in the catalogue: its text depends on the session. */
export const moneyType = 790;

/** A column of a result. */
export interface ResultColumn {
  readonly name: string;
  /** Its type below any domain: the oid, and how SQL names it without a modifier. */
  readonly type: number;
  readonly written: string;
  /** The category and kind of that type in the catalogue. */
  readonly category: string;
  readonly kind: string;
  /** Element type of an array, below any domain, and the separator of its elements. */
  readonly element: number;
  readonly elementKind: string;
  readonly delimiter: string;
  /** The "greater than" by which a btree sorts the type. */
  readonly above: string;
}

/** Columns that a result consists of. */
export interface Layout {
  /** Tells it from others: the names of the columns and their types. */
  readonly mark: string;
  readonly columns: readonly ResultColumn[];
}

/**
 * Fixed until the end of the statement's transaction, as the text of a value depends on them. A name
 * such as `"character"` in quotes has no modifier, and no `char(1)` is meant.
 */
export const settings: string = `(select pg_catalog.concat(${
  Object.entries({
    datestyle: "ISO", // The order of day and month stays that of the session.
    intervalstyle: "postgres",
    extra_float_digits: "3", // Without them two numbers may have one text.
    bytea_output: "hex",
  }).map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`).join(", ")
})) is not null`;

/** The columns of a query by place, whatever their names are. */
export function aliasesOf({ length }: readonly unknown[]): string {
  return Array.from({ length }, (_, place) => `c${place}`).join(", ");
}

/** A row of nulls with the columns of the query, which is not run. */
const nothing = (sql: string, alias: string) =>
  `(select) as one left join (${sql}\n) as ${alias} on false`;

const namesOf = (sql: string) =>
  `(select coalesce(pg_catalog.json_agg(found.name), '[]')::text
    from (select page.* from ${nothing(sql, "page")}) as named,
    lateral pg_catalog.json_object_keys(pg_catalog.row_to_json(named.*)) as found(name))`;

function typesOf(sql: string, names: readonly unknown[]): string {
  const types = names.map((_, place) => `pg_catalog.pg_typeof(c${place})::pg_catalog.oid`);
  return `(select array[${types.join(", ")}]::pg_catalog.oid[]
    from ${nothing(sql, names.length > 0 ? `page(${aliasesOf(names)})` : "page")})`;
}

/** Returns SQL that makes the mark of a layout, to be compared in the statement that reads. */
export function markOf(sql: string, names: readonly unknown[]): string {
  return `(${namesOf(sql)} || ${typesOf(sql, names)}::text)`;
}

/** Follows types through their domains. */
const catalogue = `with recursive base (place, type) as (
    select place, type from pg_catalog.unnest($TYPES) with ordinality as given(type, place)
    union all
    select place, t.typbasetype from base join pg_catalog.pg_type t on t.oid = type
    where t.typtype = 'd'
  ), element (type, base) as (
    select oid, typelem from pg_catalog.pg_type join base on oid = type
    union
    select element.type, t.typbasetype
    from element join pg_catalog.pg_type t on t.oid = element.base where t.typtype = 'd'
  )
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'type', t.oid::pg_catalog.int8,
    'written', pg_catalog.format('%I.%I', n.nspname, t.typname),
    'category', t.typcategory, 'kind', t.typtype,
    'element', coalesce(e.oid, 0)::pg_catalog.int8, 'elementKind', coalesce(e.typtype, ''),
    'delimiter', coalesce(e.typdelim, ','),
    'above', coalesce((
      select pg_catalog.format('operator(%I.%s)', space.nspname, o.oprname)
      from pg_catalog.pg_opclass c
      join pg_catalog.pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
      join pg_catalog.pg_amop a on a.amopfamily = c.opcfamily and a.amopstrategy = 5
        and a.amoplefttype = c.opcintype and a.amoprighttype = c.opcintype
      join pg_catalog.pg_operator o on o.oid = a.amopopr
      join pg_catalog.pg_namespace space on space.oid = o.oprnamespace
      where c.opcdefault and c.opcintype = t.oid limit 1
    ), 'operator(pg_catalog.>)')
  ) order by base.place), '[]')::text
  from base
  join pg_catalog.pg_type t on t.oid = base.type and t.typtype <> 'd'
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join (
    element join pg_catalog.pg_type e on e.oid = element.base and e.typtype <> 'd'
  ) on element.type = t.oid and t.typcategory = 'A'`;

/** Looks at the columns of a query, without running it. */
export async function readLayout(
  session: Pick<Session, "values">,
  sql: string,
  params: readonly unknown[],
): Promise<Layout> {
  const named = await textOf(session, `select ${namesOf(sql)}`, params);
  const names = JSON.parse(named) as string[];
  const types = typesOf(sql, names);
  const found = await textOf(
    session,
    `select pg_catalog.json_build_array(${types}::text, (${
      catalogue.replace("$TYPES", () => types)
    }))::text`,
    params,
  );
  const [oids, columns] = JSON.parse(found) as [string, string];
  const kinds = JSON.parse(columns) as Omit<ResultColumn, "name">[];
  return { mark: named + oids, columns: kinds.map((kind, n) => ({ name: names[n]!, ...kind })) };
}

/** Returns the single text that a statement yields, which no option of a client can change. */
export async function textOf(
  session: Pick<Session, "values">,
  statement: string,
  params: readonly unknown[] = [],
): Promise<string> {
  const [row] = await session.values(
    `select pg_catalog.textout(found.text) from (${statement}) as found(text)`,
    params,
  );
  return String(row![0]);
}
