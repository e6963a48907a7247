/**
 * Errors of rows of several tables, by the places of their items.
 * @module
 */
import { BatchError } from "../errors.ts";
import type { LinkedTable } from "./linked-tables.ts";
import { inTable, rowError, unfitValue } from "./row-errors.ts";

/** Returns the error of rows by their places. */
export function batchError(failures: ReadonlyMap<number, Error>): BatchError {
  return new BatchError(new Map([...failures].sort(([one], [other]) => one - other)));
}

/** Notes the error of a row of a table, by the place of its item. */
export function noteAt(
  linked: readonly LinkedTable[],
  failures: Map<number, Error>,
  n: number,
  place: number,
  error: Error,
): void {
  if (failures.has(place)) return;
  failures.set(place, linked.length > 1 ? inTable(error, linked[n]!.name, place) : error);
}

/**
 * Returns the error in the key of a tombstone, if there is one; these columns identify the rows of its
 * table.
 */
export function wrongKey(
  identity: readonly string[],
  key: Readonly<Record<string, unknown>>,
  place: number,
): Error | undefined {
  if (identity.length === 0) {
    return rowError(
      "it is a tombstone, and the table has neither a primary key nor a 'key'",
      place,
    );
  }
  const wanted = identity.map((column) => JSON.stringify(column)).join(", ");
  const given = Object.keys(key);
  const other = given.find((column) => !identity.includes(column)) ??
    identity.find((column) => !given.includes(column));
  if (other !== undefined) {
    const rule = `its tombstone must have the columns of the key (${wanted}) and no others`;
    return rowError(`${rule}: ${JSON.stringify(other)} breaks this`, place);
  }
  const open = identity.find((column) => key[column] === null || key[column] === undefined);
  return open === undefined
    ? undefined
    : unfitValue(key[open], open, "a value in a tombstone", place);
}
