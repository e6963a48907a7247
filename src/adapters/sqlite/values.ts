import { BatchError } from "../../errors.ts";
import { isRow } from "../../sql/row.ts";
import { notAnObject, rowError, withoutColumn } from "../../sql/row-errors.ts";
import type { SqliteValue } from "./database.ts";

/** What is written of the rows of a load. */
export interface Written {
  /** The values of all rows, one after the other, ready to be bound. */
  readonly values: SqliteValue[];
  /** In how many rows each property was left out. */
  readonly drift: Readonly<Record<string, number>> | undefined;
}

/**
 * What is to be written of rows, whose properties are the columns.
 *
 * @throws {BatchError} If a value would not come back as it is, on any of the clients, or a property
 * has no column and is not to be left out.
 */
export function valuesOf(
  rows: readonly object[],
  columns: readonly string[],
  unknown: "error" | "drop",
): Written {
  const values = new Array<SqliteValue>(rows.length * columns.length);
  const refusals = new Map<number, Error>();
  const dropped = new Map<string, number>();
  columns.forEach((column, place) => { // One after the other: engines then find it faster.
    let next = place;
    for (let index = 0; index < rows.length; index++, next += columns.length) {
      const row = rows[index] as Readonly<Record<string, unknown>> | null;
      const value = row?.[column];
      if (isStorable(value)) values[next] = value;
      else if (!refusals.has(index)) refusals.set(index, refusalOf(row, index, column, value));
    }
  });
  const known = new Set(columns);
  rows.forEach((row, index) => {
    if (refusals.has(index)) return;
    for (const property of unknownIn(row, known)) {
      if (unknown === "drop") dropped.set(property, (dropped.get(property) ?? 0) + 1);
      else if (!refusals.has(index)) refusals.set(index, withoutColumn(property, index));
    }
  });
  if (refusals.size > 0) {
    throw new BatchError(new Map([...refusals].sort(([one], [other]) => one - other)));
  }
  return { values, drift: dropped.size === 0 ? undefined : Object.fromEntries(dropped) };
}

const none: readonly string[] = [];

/** Names of properties that are there and have no column. */
function unknownIn(row: object, known: ReadonlySet<string>): readonly string[] {
  let found: string[] | undefined;
  for (const property of Object.keys(row)) {
    if (known.has(property) || (row as Record<string, unknown>)[property] === undefined) continue;
    (found ??= []).push(property);
  }
  return found ?? none;
}

/** Whether a value comes back as it is. Affinity is not looked at: the columns are the user's. */
export function isStorable(value: unknown): value is SqliteValue {
  switch (typeof value) {
    case "string":
      return !value.includes("\0") && isWellFormed(value);
    case "number":
      return !Number.isNaN(value) && !Object.is(value, -0);
    case "bigint":
      return BigInt.asIntN(64, value) === value;
    default:
      return value === null || value instanceof Uint8Array;
  }
}

/** A text that can be stored: as it is, or else escaped as in JSON. */
export function storableText(text: string): string {
  return isStorable(text) ? text : JSON.stringify(text).slice(1, -1);
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed(); // ES2024.
}

function refusalOf(row: unknown, index: number, column: string, value: unknown): Error {
  if (!isRow(row)) return notAnObject(row, column, index);
  return rowError(`column ${JSON.stringify(column)} is ${adviceOn(value)}`, index);
}

function adviceOn(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "undefined: give null or a value";
    case "string":
      return value.includes("\0")
        ? "a string with a NUL character, at which some clients cut it: give a Uint8Array"
        : "a string with half of a surrogate pair, which SQLite replaces: give toWellFormed()";
    case "number":
      return Number.isNaN(value)
        ? "NaN, which SQLite stores as NULL: give null or another number"
        : "-0, which SQLite stores as 0: give 0";
    case "bigint":
      return "a bigint of more than 64 bits: give a string";
    case "boolean":
      return `${value}, and SQLite has no booleans: give 1 or 0`;
    case "object":
      return adviceOnObject(value as object);
    default:
      return `a ${typeof value}: give null or a value`;
  }
}

function adviceOnObject(value: object): string {
  if (value instanceof Date) return "a Date: give toISOString() or getTime()";
  if (value instanceof ArrayBuffer) return "an ArrayBuffer: give a Uint8Array of it";
  if (ArrayBuffer.isView(value)) return "no Uint8Array: give one of its buffer";
  return `${Array.isArray(value) ? "an array" : "an object"}: give JSON.stringify() of it`;
}
