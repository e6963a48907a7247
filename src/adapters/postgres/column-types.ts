import { refuse } from "../../options.ts";
import { type Kind, kindOf } from "./cells.ts";
import type { Database } from "./database.ts";
import { keptName } from "./names.ts";
import { sqlStateOf } from "./sql-state.ts";
import { type KnownType, type NamedType, readNamedType, readTypes } from "./types.ts";

/** A column of a table. */
export interface Column {
  /** Its name, which is also the property of the rows. */
  readonly name: string;
  /** Its type, or the one in which values are sent: safe to put into a statement. */
  readonly type: string;
  /** Its own type, where values are sent in another one. */
  readonly ownType: string | undefined;
  /** Which values go into it, and how. */
  readonly kind: Kind;
  /** Its number in the table. */
  readonly number: string;
  /** It takes no `null`, whatever a trigger makes of it. */
  readonly isNotNull: boolean;
  /** What the table puts into it where a row has nothing for it is not `null`. */
  readonly hasDefault: boolean;
  /** Most characters that it takes, where it says so. */
  readonly maxLength: number | undefined;
}

/** What is known of a table. */
export interface Table {
  /** Its quoted name. */
  readonly name: string;
  /** What it is: `r` for a table, `v` for a view and so on. */
  readonly kind: string;
  /** The columns that rows can fill, in their order; of those that were asked for, in theirs. */
  readonly columns: readonly Column[];
  /** Rows may be changed by a trigger before they are looked at. */
  readonly hasTrigger: boolean;
  /** The database can tell which texts a type takes. */
  readonly asksInput: boolean;
  /** What keeps a COPY from being used, in words. */
  readonly refusesCopy: string | undefined;
}

/** How a table is asked about. */
export interface Asked {
  /** The quoted name of the table. */
  readonly table: string;
  /** The columns that are loaded; without them all that the table does not fill by itself. */
  readonly columns: readonly string[] | undefined;
  /** Types by column that stand in for those of the table. */
  readonly types: Readonly<Record<string, string>>;
}

const tableQuery = `select c.oid::text, c.relkind::text,
    exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
      and t.tgtype & 7 = 7)::text,
    (pg_catalog.current_setting('server_version_num')::int >= 160000)::text,
    pg_catalog.row_security_active(c.oid)::text,
    exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid
      and t.tgtype & 69 = 69)::text
  from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass($1::text)`;

const columnsQuery = `select attname::text, pg_catalog.format_type(atttypid, atttypmod),
    atttypid::text, attnum::text, atttypmod::text, attnotnull::text, atthasdef::text,
    attidentity::text, attgenerated::text
  from pg_catalog.pg_attribute
  where attrelid = $1::text::oid and attnum > 0 and not attisdropped order by attnum`;

type Texts = readonly (string | null)[];

/**
 * Looks up a table and its columns.
 * @throws {ConfigurationError} If there is no such table, column or type, or the table makes the
 * values of a column by itself.
 */
export async function readTable(database: Database, asked: Asked): Promise<Table> {
  const [row] = await database.values(tableQuery, [asked.table]) as Texts[];
  if (row === undefined) refuse("load rows", "table", "a table that is there", asked.table);
  const [id, kind, hasTrigger, asksInput, hasRowSecurity, insteadOf] = row;
  const found = await database.values(columnsQuery, [id]) as Texts[];
  const refusesCopy = hasRowSecurity === "true"
    ? "row security is on"
    : kind === "v" && insteadOf !== "true"
    ? "it is a view"
    : undefined;
  return {
    name: asked.table,
    kind: kind!,
    columns: await columnsOf(database, asked, found),
    hasTrigger: hasTrigger === "true",
    asksInput: asksInput === "true",
    refusesCopy,
  };
}

async function columnsOf(
  database: Database,
  { table, columns, types }: Asked,
  found: readonly Texts[],
): Promise<Column[]> {
  const isGenerated = ([, , , , , , , identity, generated]: Texts) =>
    identity === "a" || generated !== "";
  const own = new Map(found.map((row) => [row[0]!, row]));
  const rows = columns === undefined
    ? found.filter((row) => !isGenerated(row)).map((row) => [row[0]!, row] as const)
    : columns.map((name) => {
      const row = own.get(keptName(name));
      if (row === undefined) refuse("load rows", "columns", `columns of ${table}`, name);
      if (!isGenerated(row)) return [name, row] as const;
      return refuse("load rows", "columns", `columns that ${table} does not generate`, name);
    });
  for (const name of Object.keys(types)) {
    if (!rows.some(([known]) => known === name)) {
      refuse("load rows", "types", `types of columns of ${table} that are loaded`, name);
    }
  }
  const named = await namedTypes(database, types);
  const ids = [...rows.map(([, row]) => row[2]!), ...[...named.values()].map(({ id }) => id)];
  const typeOf = await readTypes(database, ids);
  return rows.map(([name, row]) => columnOf(name, row, typeOf, named.get(name)));
}

function columnOf(
  name: string,
  row: Texts,
  typeOf: (id: string) => KnownType,
  sent: NamedType | undefined,
): Column {
  const [, type, id, number, ownModifier, isNotNull, hasDefault, identity] = row;
  const own = typeOf(id!);
  const modifier = ownModifier === "-1" ? own.modifier : Number(ownModifier);
  const hasLength = (own.name === "varchar" || own.name === "bpchar") && modifier > 4;
  return {
    ...{ name, number: number!, kind: kindOf(sent === undefined ? own : typeOf(sent.id)) },
    type: sent?.written ?? type!,
    ownType: sent === undefined ? undefined : type!,
    isNotNull: isNotNull === "true" || own.isNotNull,
    hasDefault: hasDefault === "true" || identity !== "",
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
    if (type === undefined) refuse("load rows", "types", "types of the database", name);
    named.set(column, type);
  }
  return named;
}
