/**
 * Checks that tables are linked in the database as their options say, as far as DuckDB can.
 * @module
 */
import { fail } from "../../options.ts";
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { type DuckdbConnection, rowsOf } from "./client.ts";
import type { KnownTable } from "./known-table.ts";
import { foldCase } from "./names.ts";
import { type TreePlan, TreeStatements } from "./tree-statements.ts";

const foreignKeys = `select lower(table_name), lower(referenced_table) from duckdb_constraints()
  where constraint_type = 'FOREIGN KEY'`;

/** Tables that were looked up, and which of them no rows can be deleted from. */
export interface CheckedPlan extends TreePlan {
  /** By the table, another one whose foreign keys keep DuckDB from deleting rows with theirs. */
  readonly keptBy: readonly (string | undefined)[];
}

/**
 * Puts tables together that were looked up.
 * @throws {ConfigurationError} If a column of `on` is missing, or DuckDB cannot apply an option.
 */
export async function planOf(
  connection: DuckdbConnection,
  linked: readonly LinkedTable[],
  tables: readonly KnownTable[],
): Promise<CheckedPlan> {
  checkLinks(linked, tables);
  const pairs = linked.length > 1 ? await rowsOf(connection, foreignKeys) : [];
  const refersTo = (from: string | undefined, to: string) =>
    pairs.some(([table, other]) =>
      other === to.toLowerCase() && (from === undefined || table === from.toLowerCase())
    );
  const keptBy = linked.map(({ name, children }) =>
    children.map((child) => linked[child]!.name).find((child) => refersTo(child, name))
  );
  for (const [n, { name, missing }] of linked.entries()) {
    if (missing !== undefined) refuseDelete(`tables.${name}.missing`, keptBy[n], missing);
    if (refersTo(undefined, name)) checkUpdates(tables[n]!);
  }
  return { linked, tables, statements: new TreeStatements(connection, linked), keptBy };
}

/** @throws {ConfigurationError} If there is a table whose foreign keys keep rows from being deleted. */
export function refuseDelete(option: string, keeper: string | undefined, value: unknown): void {
  if (keeper === undefined) return;
  const rule = `omitted while ${JSON.stringify(keeper)} has a foreign key to the table: DuckDB ` +
    "deletes no row in the transaction that deleted the rows which referred to it";
  fail("load rows", option, rule, value);
}

/** An update of some columns is a delete and an insert in DuckDB, which foreign keys forbid. */
function checkUpdates({ name, target, columns, facts }: KnownTable): void {
  if (target.conflict !== "replace") return;
  const keys = target.key.map(foldCase);
  const moved = columns.find((column) => {
    const fact = facts.columns.find((one) => foldCase(one.name) === foldCase(column.name))!;
    if (keys.includes(foldCase(column.name))) return false;
    return fact.key !== null || fact.isIndexed || /\]$|^(?:MAP|STRUCT|UNION)\(/.test(column.type);
  });
  if (moved === undefined) return;
  const rule =
    `"error" or "ignore", or its 'columns' without ${JSON.stringify(moved.name)}, while ` +
    "foreign keys refer to the table: DuckDB updates lists and columns with an index by deleting the row";
  fail("load rows", `tables.${name}.conflict`, rule, target.conflict);
}

function checkLinks(linked: readonly LinkedTable[], tables: readonly KnownTable[]): void {
  for (const [n, { name, parent }] of linked.entries()) {
    if (parent === undefined) continue;
    const check = (table: number, column: string, isThere: boolean) => {
      if (isThere) return;
      const rule = `columns of ${JSON.stringify(linked[table]!.name)}, in the same letters`;
      fail("load rows", `tables.${name}.parent.on`, rule, column);
    };
    for (const [column, other] of parent.on) {
      check(n, column, tables[n]!.columns.some(({ name }) => name === column));
      check(parent.place, other, tables[parent.place]!.columnOf(other)?.name === other);
    }
  }
}
