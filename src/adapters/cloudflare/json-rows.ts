/**
 * Rows as JSON: a statement takes any number of them by one parameter, of which D1 has 100.
 * @module
 */
import type { SqliteValue } from "../../sql/sqlite/values.ts";

/** A value that the database finds: it is a column of another row. */
export class RowReference extends Uint8Array { // Rows are checked by what can be stored, and this can.
  /** The row's place among those that get their numbers in the same statements; or else its key. */
  readonly row: number | readonly SqliteValue[];

  /** Refers to a row by its place, or by the values of its key. */
  constructor(row: number | readonly SqliteValue[]) {
    super(0);
    this.row = row;
  }
}

/** A value as JSON that SQLite reads as the same; bytes as an array, a reference as an object. */
export function jsonOf(value: SqliteValue): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}`;
    case "number":
      return numberOf(value);
    default:
      if (value === null) return "null";
      if (!(value instanceof RowReference)) return `["${hexOf(value)}"]`;
      return typeof value.row === "number"
        ? `{"n":${value.row}}`
        : `{"k":[${value.row.map(jsonOf).join()}]}`;
  }
}

/** Encodes an integer above 2^53 so that it stays a number, and does not become a 64-bit integer. */
function numberOf(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "9e999" : "-9e999";
  const text = `${value}`;
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLarge && !text.includes("e") ? `${text}.0` : text;
}

const digits = "0123456789abcdef";

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += digits[byte >> 4]! + digits[byte & 15]!;
  return text;
}

/** Some rows as one parameter. */
export interface Lot {
  /** An array of rows, each an array of its values. */
  readonly json: string;
  /** Number of these rows. */
  readonly rows: number;
}

/**
 * Joins rows to as few parameters of at most `maxBytes` as possible.
 * @throws {RangeError} If a single row is larger.
 */
export function lotsOf(rows: readonly string[], maxBytes: number): Lot[] {
  const lots: Lot[] = [];
  let [first, size] = [0, 1];
  const close = (end: number) => {
    if (end > first) lots.push({ json: `[${rows.slice(first, end).join()}]`, rows: end - first });
    [first, size] = [end, 1];
  };
  rows.forEach((row, n) => {
    const bytes = bytesOf(row) + 1;
    if (bytes + 1 > maxBytes) {
      throw new RangeError(
        `Cannot load row as it has ${bytes - 1} bytes as JSON, more than 'maxBytes' (${maxBytes})`,
      );
    }
    if (size + bytes > maxBytes) close(n);
    size += bytes;
  });
  close(rows.length);
  return lots;
}

/** The bytes of a text in UTF-8, or somewhat more. */
function bytesOf(text: string): number {
  return /^[\0-\x7f]*$/.test(text) ? text.length : 3 * text.length;
}

/** Rows as JSON, from their values one after the other. */
export function jsonRows(values: readonly SqliteValue[], width: number): string[] {
  const rows: string[] = [];
  for (let start = 0; start < values.length; start += width) {
    let row = `[${jsonOf(values[start]!)}`;
    for (let n = start + 1; n < start + width; n++) row += `,${jsonOf(values[n]!)}`;
    rows.push(`${row}]`);
  }
  return rows;
}
