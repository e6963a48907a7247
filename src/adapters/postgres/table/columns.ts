import { fail } from "../../../options.ts";
import { type Kind, kindOf } from "../values.ts";
import type { Database } from "../database.ts";
import { keptName } from "../names.ts";
import { sqlStateOf } from "../sql-state.ts";
import { type KnownType, type NamedType, readNamedType, typesJson, typesOf } from "./types.ts";

/** A column of a table. */
export interface Column {
  /** Its name, which is also the property of the rows. */
  readonly name: string;
  /** Its type, or the one in which values are sent: safe to put into a statement. */
  readonly type: string;
  /** Its own type, if values are sent in another one. */
  readonly ownType: string | undefined;
  /** Values that it accepts, and their encoding. */
  readonly kind: Kind;
  /** Its number in the table. */
  readonly number: string;
  /** True if it rejects `null`, even if a trigger would replace it. */
  readonly isNotNull: boolean;
  /** If true, the table fills it with a value other than `null` if a row omits it. */
  readonly hasDefault: boolean;
  /** True if the table generates its value, unless an insert overrides that. */
  readonly isAlways: boolean;
  /** Maximum number of characters, if it is limited. */
  readonly maxLength: number | undefined;
}

/** Facts about a table. */
export interface Table {
  /** Its quoted name. */
  readonly name: string;
  /** Kind of relation: `r` for a table, `v` for a view and so on. */
  readonly kind: string;
  /** Changes with the table. */
  readonly version: string;
  /** Returns the columns that rows can fill, in table order, or the requested ones in their order. */
  readonly columns: readonly Column[];
  /** Rows may be changed by a trigger before they are looked at. */
  readonly hasTrigger: boolean;
  /** A row may be refused by who loads it. */
  readonly hasRowSecurity: boolean;
  /** True if the database can check which texts a type accepts. */
  readonly asksInput: boolean;
  /** All its columns, also those that rows cannot fill, as the table has them. */
  readonly every: readonly Column[];
  /** Nothing but its own defaults and constraints sees a row: no trigger, rule or view. */
  readonly isPlain: boolean;
  /** Reason why a COPY cannot be used, in words. */
  readonly refusesCopy: string | undefined;
  /** Checks that each row must satisfy. */
  readonly checks: readonly Check[];
}

/** A check constraint for each row. */
export interface Check {
  readonly name: string;
  /** As SQL, with the columns by their names. */
  readonly condition: string;
  /** The numbers of the columns that it looks at. */
  readonly numbers: readonly string[];
}

/** Request for the facts about a table. */
export interface Asked {
  /** The quoted name of the table. */
  readonly table: string;
  /** The columns that are loaded; without them all that the table does not fill by itself. */
  readonly columns: readonly string[] | undefined;
  /** Types by column that stand in for those of the table. */
  readonly types: Readonly<Record<string, string>>;
}

/**
 * SQL of a text that changes with any fact a sink knows about a table: each change of a catalogue
 * makes a new row.
 */
const version = `pg_catalog.concat_ws('/', c.oid, c.xmin,
    (select pg_catalog.string_agg(pg_catalog.concat(a.xmin, t.xmin), ' ' order by a.attnum)
      from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0),
    (select pg_catalog.string_agg(i.xmin::text, ' ' order by i.indexrelid)
      from pg_catalog.pg_index i where i.indrelid = c.oid),
    (select pg_catalog.string_agg(k.xmin::text, ' ' order by k.oid)
      from pg_catalog.pg_constraint k where k.conrelid = c.oid),
    (select pg_catalog.string_agg(t.xmin::text, ' ' order by t.oid)
      from pg_catalog.pg_trigger t where t.tgrelid = c.oid))`;

const versionQuery = `select ${version} from pg_catalog.pg_class c
  where c.oid = pg_catalog.to_regclass($1::text)`;

/** Looks up which version of a table there is now. */
export async function readVersion(database: Database, table: string): Promise<unknown> {
  const [row] = await database.values(versionQuery, [table]);
  return row?.[0];
}

const tableQuery = `with c as (
    select oid, xmin, relkind from pg_catalog.pg_class
    where oid = pg_catalog.to_regclass($1::text)
  ), a as (
    select a.* from c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where a.attnum > 0 and not a.attisdropped
  )
  select c.relkind::text,
    exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
      and t.tgtype & 7 = 7)::text,
    (pg_catalog.current_setting('server_version_num')::int >= 160000)::text,
    pg_catalog.row_security_active(c.oid)::text,
    exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid
      and t.tgtype & 69 = 69)::text,
    (c.relkind = 'r' and not pg_catalog.row_security_active(c.oid)
      and not exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
      and not exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid))::text,
    (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(attname,
      pg_catalog.format_type(atttypid, atttypmod), atttypid::text, attnum::text, atttypmod,
      attnotnull, atthasdef or attidentity <> '', attidentity = 'a' or attgenerated <> '',
      attidentity = 'a')
      order by attnum), '[]') from a)::text,
    ${typesJson("select atttypid from a")},
    (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(conname,
      pg_catalog.pg_get_expr(conbin, conrelid), coalesce(conkey, '{}')) order by conname), '[]')
      from pg_catalog.pg_constraint k where conrelid = c.oid and contype = 'c'
      and coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true')::text,
    ${version}
  from c`;

/** A column, as the query gives it. */
type ColumnArray = readonly [
  name: string,
  type: string,
  typeId: string,
  number: string,
  modifier: number,
  isNotNull: boolean,
  hasDefault: boolean,
  isGenerated: boolean,
  isAlways: boolean,
];

/**
 * Looks up a table and its columns.
 * @throws {ConfigurationError} If there is no such table, column or type, or the table makes the
 * values of a column by itself.
 */
export async function readTable(database: Database, asked: Asked): Promise<Table> {
  const [row] = await database.values(tableQuery, [asked.table]) as string[][];
  if (row === undefined) fail("load rows", "table", "an existing table", asked.table);
  const [kind, hasTrigger, asksInput, hasRowSecurity, insteadOf, isPlain, ...more] = row;
  const [columns, types, checks, version] = more;
  const refusesCopy = hasRowSecurity === "true"
    ? "row security is on"
    : kind === "v" && insteadOf !== "true"
    ? "it is a view"
    : undefined;
  return {
    name: asked.table,
    kind: kind!,
    version: version!,
    columns: await columnsOf(database, asked, JSON.parse(columns!), types!),
    every: (JSON.parse(columns!) as ColumnArray[]).map((row) =>
      columnOf(row[0], row, typesOf(types!), undefined)
    ),
    isPlain: isPlain === "true",
    hasTrigger: hasTrigger === "true",
    hasRowSecurity: hasRowSecurity === "true",
    asksInput: asksInput === "true",
    refusesCopy,
    checks: (JSON.parse(checks!) as [string, string, number[]][]).map(
      ([name, condition, numbers]) => ({ name, condition, numbers: numbers.map(String) }),
    ),
  };
}

async function columnsOf(
  database: Database,
  { table, columns, types }: Asked,
  found: readonly ColumnArray[],
  knownTypes: string,
): Promise<Column[]> {
  const isGenerated = (row: ColumnArray) => row[7];
  const own = new Map(found.map((row) => [row[0], row]));
  const rows = columns === undefined
    ? found.filter((row) => !isGenerated(row)).map((row) => [row[0], row] as const)
    : columns.map((name) => {
      const row = own.get(keptName(name));
      if (row === undefined) fail("load rows", "columns", `columns of ${table}`, name);
      if (!isGenerated(row)) return [name, row] as const;
      return fail("load rows", "columns", `columns that ${table} does not generate`, name);
    });
  for (const name of Object.keys(types)) {
    if (!rows.some(([known]) => known === name)) {
      fail("load rows", "types", `types of columns of ${table} that are loaded`, name);
    }
  }
  const named = await namedTypes(database, types);
  const typeOf = typesOf(knownTypes, ...[...named.values()].map(({ types }) => types));
  return rows.map(([name, row]) => columnOf(name, row, typeOf, named.get(name)));
}

function columnOf(
  name: string,
  row: ColumnArray,
  typeOf: (id: string) => KnownType,
  sent: NamedType | undefined,
): Column {
  const [, type, id, number, ownModifier, isNotNull, hasDefault, , isAlways] = row;
  const own = typeOf(id);
  const modifier = ownModifier === -1 ? own.modifier : ownModifier;
  const hasLength = (own.name === "varchar" || own.name === "bpchar") && modifier > 4;
  return {
    ...{ name, number, kind: kindOf(sent === undefined ? own : typeOf(sent.id)) },
    type: sent?.written ?? type,
    ownType: sent === undefined ? undefined : type,
    isNotNull: isNotNull || own.isNotNull,
    hasDefault,
    isAlways,
    maxLength: hasLength ? modifier - 4 : undefined, // The modifier counts a header of four.
  };
}

async function namedTypes(
  database: Database,
  types: Readonly<Record<string, string>>,
): Promise<Map<string, NamedType>> {
  const named = new Map<string, NamedType>();
  for (const [column, name] of Object.entries(types)) {
    const type = await readNamedType(database, name).catch((error: unknown) => {
      if (/^(?:42|22)/.test(sqlStateOf(error) ?? "")) return undefined; // It cannot even be read.
      throw error;
    });
    if (type === undefined) fail("load rows", "types", "types of the database", name);
    named.set(column, type);
  }
  return named;
}
