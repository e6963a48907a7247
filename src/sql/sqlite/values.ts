import { isStorableText } from "../text.ts";

/** Value that SQLite stores. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** Returns true if a value is returned unchanged. Affinity is ignored: the columns are the user's. */
export function isStorable(value: unknown): value is SqliteValue {
  switch (typeof value) {
    case "string":
      return isStorableText(value);
    case "number":
      return !Number.isNaN(value) && !Object.is(value, -0);
    case "bigint":
      return BigInt.asIntN(64, value) === value;
    default:
      return value === null || value instanceof Uint8Array;
  }
}

/** Returns a text that can be stored: unchanged, or escaped as in JSON. */
export function storableText(text: string): string {
  return isStorable(text) ? text : JSON.stringify(text).slice(1, -1);
}

/** Returns, in words, the value to pass instead of one that cannot be stored unchanged. */
export function expectedOf(value: unknown): string {
  return `a value that SQLite stores as it is (${adviceOn(value)})`;
}

function adviceOn(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.includes("\0")
        ? "give a Uint8Array, as some clients cut a string at a NUL character"
        : "give toWellFormed(), as half of a surrogate pair is replaced";
    case "number":
      return Number.isNaN(value)
        ? "give null or another number, as NaN becomes NULL"
        : "give 0, as -0 becomes that";
    case "bigint":
      return "give a string, as it has more than 64 bits";
    case "boolean":
      return "give 1 or 0, as there are no booleans";
    case "object":
      return adviceOnObject(value as object);
    default:
      return "give null or a value";
  }
}

function adviceOnObject(value: object): string {
  if (value instanceof Date) return "give toISOString() or getTime() of it";
  if (value instanceof ArrayBuffer) return "give a Uint8Array of it";
  if (ArrayBuffer.isView(value)) return "give a Uint8Array of its buffer";
  return "give JSON.stringify() of it";
}
