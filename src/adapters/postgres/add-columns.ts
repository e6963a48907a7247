import { addedType, type AddedTypes } from "../../sql/added-types.ts";
import { quoteName } from "../../sql/names.ts";
import { cannotAdd } from "../../sql/row-errors.ts";
import { keptName } from "./names.ts";
import type { KnownTarget } from "./table/target.ts";

const types: AddedTypes = {
  ...{ integer: "int8", float: "float8", numeric: "numeric", boolean: "bool", text: "text" },
  ...{ time: "timestamptz", bytes: "bytea", json: "jsonb" },
};

/** Columns that every table has by itself. */
const systemColumns = new Set(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]);

/**
 * Has the statement that adds columns for properties; it takes the lock of the table, so that nothing
 * may be written before it. A column that another worker has added by then is left.
 * @param refuse Is told, of each row that is to blame, why a name cannot be that of a new column, or
 * that one type cannot hold its values.
 */
export function addingStatement(
  { table, known: { every } }: KnownTarget,
  names: ReadonlySet<string>,
  rows: readonly object[],
  refuse: (error: Error, row: number) => void,
): string {
  const there = new Set(every.map(({ name }) => name));
  const added = [...names].map((name) => {
    const reason = there.has(name) ? "the table makes its values by itself" : refusalOf(name);
    if (reason !== undefined) cannotAdd(rows, name, reason).forEach(refuse);
    const type = addedType(types, rows, name, reason === undefined ? refuse : () => {});
    return `add column if not exists ${quoteName(name)} pg_catalog.${type}`;
  });
  return `alter table ${table} ${added.join(", ")}`;
}

function refusalOf(name: string): string | undefined {
  if (name === "" || name.includes("\0")) return "it has to be a non-empty name without NUL";
  if (/\p{Surrogate}/u.test(name)) return "it has half of a surrogate pair";
  if (keptName(name) !== name) return "its name is longer than 63 bytes";
  return systemColumns.has(name) ? "PostgreSQL has its own column of this name" : undefined;
}
