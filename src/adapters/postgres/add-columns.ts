import { quoteName } from "../../sql/names.ts";
import { cannotAdd } from "../../sql/row-errors.ts";
import { keptName } from "./names.ts";
import type { KnownTarget } from "./table/target.ts";

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
    const type = typeFor(rows, name);
    const reason = there.has(name) ? "the table makes its values by itself" : refusalOf(name);
    const refused = reason !== undefined ? cannotAdd(rows, name, reason) : cannotAdd(
      rows,
      name,
      `the values of the batch need another type than ${type}, which the first of them has`,
      (value) => !fits(typeOf(value), type),
    );
    refused.forEach(refuse);
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

/** Types of numbers, the widest first. */
const numbers = ["numeric", "float8", "int8"];

/** Whether a column of a type holds what is of another one. */
function fits(own: string, type: string): boolean {
  return own === type || numbers.includes(own) && numbers.includes(type);
}

/** The type that takes the values of a property: the widest number, else that of the first one. */
function typeFor(rows: readonly object[], name: string): string {
  const types = new Set<string>();
  for (const row of rows) {
    const value = (row as Readonly<Record<string, unknown>>)[name];
    if (Object.hasOwn(row, name) && value !== undefined && value !== null) types.add(typeOf(value));
  }
  const [first = "text"] = types;
  return numbers.includes(first) ? numbers.find((type) => types.has(type))! : first;
}

function typeOf(value: unknown): string {
  if (typeof value === "number") return Number.isSafeInteger(value) ? "int8" : "float8";
  if (typeof value === "bigint") return "numeric";
  if (typeof value === "boolean") return "bool";
  if (value instanceof Date) return "timestamptz";
  if (value instanceof Uint8Array) return "bytea";
  return typeof value === "object" ? "jsonb" : "text";
}
