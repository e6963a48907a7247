import { quoteName, quoteNames } from "../names.ts";
import type { Conflict } from "../sink-options.ts";
import { foldCase } from "./names.ts";

/** Table that rows go into, and the rules for them. */
export interface Target {
  /** The name of the table. */
  readonly table: string;
  /** Action on a row whose key already exists. */
  readonly conflict: Conflict;
  /** The columns that identify a row; empty for any unique index. */
  readonly key: readonly string[];
}

/** Returns the statement that inserts a number of rows, whose values are bound one row after the other. */
export function insertStatement(
  target: Target,
  columns: readonly string[],
  rowCount: number,
): string {
  const row = `(${columns.map(() => "?").join(", ")})`;
  const rows = Array.from({ length: rowCount }, () => row).join(", ");
  const into = `${quoteName(target.table)} (${quoteNames(columns)})`;
  return `insert into ${into} values ${rows}${resolutionOf(target, columns)}`;
}

/** Names columns `c0`, `c1` and so on in a statement, whatever their names are. */
export function aliased(columns: readonly string[]): string {
  return columns.map((column, n) => `${quoteName(column)} as c${n}`).join(", ");
}

/** Returns the final clause of a statement, which decides on a row whose key already exists. */
export function resolutionOf({ conflict, key }: Target, columns: readonly string[]): string {
  if (conflict === "error") return "";
  const found = key.length > 0 ? ` on conflict (${quoteNames(key)})` : " on conflict";
  if (conflict === "ignore") return `${found} do nothing`;
  const folded = key.map(foldCase);
  const sets = columns.filter((column) => !folded.includes(foldCase(column)))
    .map((column) => `${quoteName(column)} = excluded.${quoteName(column)}`);
  return `${found} do ${sets.length > 0 ? `update set ${sets.join(", ")}` : "nothing"}`;
}
