import { fail, oneOf, type Rule } from "../options.ts";
import type { Unknown } from "./rows.ts";

/** Action on a row whose key is already in the table. */
export type Conflict = "error" | "ignore" | "replace";

/** The rule and the default of `conflict`. */
export const conflictOption: readonly [Rule, Conflict] = [
  oneOf("error", "ignore", "replace"),
  "error",
];

/** The rule and the default of `unknown`. */
export const unknownOption: readonly [Rule, Exclude<Unknown, "add">] = [
  oneOf("error", "drop"),
  "error",
];

/** The rule and the default of `unknown` where columns can be added. */
export const growingOption: readonly [Rule, Unknown] = [oneOf("error", "drop", "add"), "error"];

/** The options that every sink of a table has. */
export interface TableOptions {
  readonly table: string | undefined;
  readonly columns: readonly string[] | undefined;
  readonly conflict: Conflict;
  readonly key: readonly string[] | undefined;
}

/**
 * Checks the options of a sink against each other; each has already been checked by itself.
 * @param fold Returns the same text for two names that the database considers equal.
 * @throws {ConfigurationError} If the table is missing, or the key has no effect or no value.
 */
export function checkTableOptions(
  action: string,
  { table, columns, conflict, key }: TableOptions,
  { expected }: Rule,
  fold: (name: string) => string = (name) => name,
): void {
  if (table === undefined) fail(action, "table", expected, table);
  if (key !== undefined && conflict === "error") {
    fail(action, "key", `omitted if 'conflict' is "error"`, key);
  }
  if (key !== undefined && columns !== undefined) checkKey(action, columns, key, fold);
}

/** @throws {ConfigurationError} If a column of the key gets no value, so that no row can be found by it. */
export function checkKey(
  action: string,
  columns: readonly string[],
  key: readonly string[],
  fold: (name: string) => string,
): void {
  const filled = columns.map(fold);
  const missing = key.find((name) => !filled.includes(fold(name)));
  if (missing !== undefined) fail(action, "key", "some of 'columns'", missing);
}
