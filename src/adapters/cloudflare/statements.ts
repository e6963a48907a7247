/**
 * Statements that take rows as JSON, and find by themselves what a row has of another one.
 * @module
 */
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { quoteName, quoteNames } from "../../sql/names.ts";
import { below, type Where } from "../../sql/sqlite/below.ts";
import { resolutionOf, type Target } from "../../sql/sqlite/insert.ts";
import { identityOf } from "../../sql/sqlite/table-shape.ts";
import type { KnownTable } from "./known-table.ts";

/** Tables as they were looked up, and how they hang together. */
export interface TreePlan {
  readonly linked: readonly LinkedTable[];
  readonly tables: readonly KnownTable[];
}

/** Creates the table of the first number that rows of a table get in a transaction. */
export const madeTableSql = `create table if not exists millrace_made (
  name text not null primary key, base integer not null
)`;

/** The statement that inserts rows of a parameter. What it reads them by is called `j`. */
export function insertInto(
  target: Target,
  columns: readonly string[],
  values: readonly string[],
): string {
  const into = `${quoteName(target.table)} (${quoteNames(columns)})`;
  const from = `select ${values.join(", ")} from json_each(?1) as j where true`;
  return `insert into ${into} ${from}${resolutionOf(target, columns)}`;
}

/** The value at a place of a row, which is one that JSON has. */
export function plainValue(path: string): string {
  return `j.value->>'$${path}'`;
}

/** The value at a place of a row, which may be an array of bytes as well. */
export function valueOrBytes(path: string): string {
  return `case json_type(j.value, '$${path}') when 'array' then unhex(${
    plainValue(`${path}[0]`)
  }) else ${plainValue(path)} end`;
}

/** The value at a place for a column, which may be bytes, or that of the row that it refers to. */
export function valueFor(plan: TreePlan, table: number, column: string, path: string): string {
  const { parent } = plan.linked[table]!;
  const other = parent?.on.find(([own]) => own === column)?.[1];
  if (other === undefined) return valueOrBytes(path);
  return valueOrRow(plan, { table: parent!.place, column: other }, path, valueOrBytes(path));
}

/** A column of a row that JSON refers to; else another value. */
export function valueOrRow(
  plan: TreePlan,
  { table, column }: { readonly table: number; readonly column: string },
  path: string,
  otherwise: string,
): string {
  return `case json_type(j.value, '$${path}') when 'object' then ${
    columnOf(plan, table, column, path)
  } else ${otherwise} end`;
}

/** A column of a row that JSON refers to at a place. The alias tells it from rows around it. */
function columnOf(plan: TreePlan, table: number, column: string, path: string): string {
  const { name, shape, rowId } = plan.tables[table]!;
  const row = `millrace_${table}`;
  const identity = identityOf(shape);
  const isIt = identity.map((key, n) =>
    `${row}.${quoteName(key)} = ${valueFor(plan, table, key, `${path}.k[${n}]`)}`
  );
  const found = (where: string) =>
    `(select ${row}.${quoteName(column)} from ${quoteName(name)} as ${row} where ${where})`;
  const ways: string[] = [];
  if (identity.length > 0) ways.push(found(isIt.join(" and ")));
  if (rowId !== undefined && shape.target.conflict === "error") {
    const number = `${baseOf(name)} + ${plainValue(`${path}.n`)}`;
    ways.push(found(`${row}.${rowId} = ${number}`));
  }
  // Where there is none, this path fails, with words: a null would be stored. It is no constant, or it
  // would be looked at in any case.
  const lost = `the row of table ${name} that it belongs to is not there`;
  return `coalesce(${ways.join(", ")}, json_extract('{}', ${
    textOf(lost)
  } || substr(j.value, 1, 0)))`;
}

function baseOf(name: string): string {
  return `(select base from millrace_made where name = ${textOf(name)})`;
}

/**
 * Returns SQL of the number of a row, by its place among the rows that get their numbers together.
 */
export function madeValue(table: KnownTable, path: string): string {
  return `${baseOf(table.name)} + ${plainValue(path)}`;
}

/** Keeps the highest number that a table has had, from which on rows get theirs. */
export function baseSql({ name, rowId, hasSequences }: KnownTable): string {
  const given = hasSequences
    ? `, coalesce((select max(seq) from sqlite_sequence where name = ${
      textOf(name)
    } collate nocase), 0)`
    : "";
  const largest = `coalesce((select max(${rowId}) from ${quoteName(name)}), 0)`;
  return `insert into millrace_made (name, base)
    select ${textOf(name)}, max(0, ${largest}${given}) where true
    on conflict (name) do update set base = excluded.base`;
}

function textOf(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Adds a column that keeps values as they are. */
export function addColumnSql({ name, isStrict }: KnownTable, column: string): string {
  return `alter table ${quoteName(name)} add column ${quoteName(column)}${isStrict ? " any" : ""}`;
}

/** The statements that delete rows, and before them all that belongs to them: by table, which and how. */
export function deletions(
  plan: TreePlan,
  table: number,
  where: Where,
): { readonly table: string; readonly sql: string }[] {
  const { name, children } = plan.linked[table]!;
  const belonging = children.flatMap((child) => {
    const { on } = plan.linked[child]!.parent!;
    return deletions(plan, child, below(name, on, where));
  });
  return [...belonging, {
    table: name,
    sql: `delete from ${quoteName(name)} as t0 where ${where("t0", 0)}`,
  }];
}

/** Rows whose columns have one of the values that a parameter gives. */
export function isGiven(plan: TreePlan, table: number, columns: readonly string[]): Where {
  const { name } = plan.tables[table]!;
  const own = (alias: string) => columns.map((column) => `${alias}.${quoteName(column)}`);
  // The table is asked, as it compares values by the types of its columns.
  const same = own("c").map((column, n) =>
    `${column} = ${valueFor(plan, table, columns[n]!, `[${n}]`)}`
  );
  return (alias) =>
    `(${own(alias).join(", ")}) in (select ${own("c").join(", ")} from json_each(?1) as j
      cross join ${quoteName(name)} as c on ${same.join(" and ")})`;
}

/**
 * Rows of a table whose parent is among those of the first parameter, and which are not among those
 * of the second, or only after that parent: `[...values, place]` of each.
 */
export function isMissing(plan: TreePlan, table: number): Where {
  const { parent } = plan.linked[table]!;
  const { place, on } = parent!;
  const owner = plan.tables[place]!;
  const { name, shape } = plan.tables[table]!;
  const identity = identityOf(shape);
  const link = (alias: string) => on.map(([column]) => `${alias}.${quoteName(column)}`);
  const others = on.map(([, other]) => `o.${quoteName(other)}`);
  const handed = on.map(([, other], n) => {
    const path = `[${n}]`;
    const own = valueFor(plan, place, other, path);
    const isLink = plan.linked[place]!.parent?.on.some(([column]) => column === other);
    return isLink ? own : valueOrRow(plan, { table: place, column: other }, path, own);
  });
  const owners = `select ${others.map((column, n) => `${column} as v${n}`).join(", ")},
    min(${plainValue(`[${on.length}]`)}) as place from json_each(?1) as j
    cross join ${quoteName(owner.name)} as o
    on ${others.map((column, n) => `${column} = ${handed[n]}`).join(" and ")}
    group by ${others.join(", ")}`;
  const values = on.map((_, n) => `p.v${n}`);
  if (identity.length === 0) {
    return (alias) =>
      `(${link(alias).join(", ")}) in (select ${values.join(", ")} from (${owners}) as p)`;
  }
  const key = (alias: string) => identity.map((column) => `${alias}.${quoteName(column)}`);
  const given = `select ${key("c").map((column, n) => `${column} as k${n}`).join(", ")},
    min(${plainValue(`[${identity.length}]`)}) as place from json_each(?2) as j
    cross join ${quoteName(name)} as c on ${
    key("c").map((column, n) => `${column} = ${valueFor(plan, table, identity[n]!, `[${n}]`)}`)
      .join(" and ")
  } group by ${key("c").join(", ")}`;
  const pairs = (some: readonly string[], more: readonly string[]) =>
    some.map((one, n) => `${one} = ${more[n]}`).join(" and ");
  return (alias) =>
    `(${key(alias).join(", ")}) in (
      with millrace_p as materialized (${owners}), millrace_g as materialized (${given})
      select ${key("c").join(", ")} from millrace_p as p
      join ${quoteName(name)} as c on ${pairs(link("c"), values)}
      left join millrace_g as g on ${pairs(identity.map((_, n) => `g.k${n}`), key("c"))}
      where g.place is null or g.place > p.place)`;
}
