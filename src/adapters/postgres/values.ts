/**
 * Encodes the values of JavaScript as JSON that PostgreSQL reads, so that each arrives as it is
 * or is rejected.
 * @module
 */

import { isStorableText } from "../../sql/text.ts";
import { hexText } from "./hex.ts";
import { isPgText } from "./lossless-text.ts";

/** Stands for a value that a column does not take. */
export const unfit: unique symbol = Symbol("unfit");

/** Value as a column receives it: as JSON has it, a text that the type reads, or bytes. */
export type Cell = null | boolean | number | string | Uint8Array | readonly Cell[];

/** Values that a column accepts, and their encoding. */
export interface Kind {
  /** Completes the sentence "must be …". */
  readonly expected: string;
  /** Form in which an insert reads the cell: a value of JSON, a text that it casts, or bytes. */
  readonly via: "json" | "text" | "bytes";
  /** The cell of a value, or `unfit`; never called with `null`. */
  encode(value: unknown): Cell | typeof unfit;
  /** Returns the text that the type reads for a cell that is not `null`. */
  write(cell: Cell): string;
}

const maxDepth = 400; // Above it, JSON runs out of stack on some runtimes.

/** The cell of a text that is stored as the type reads it. */
function textCell(text: unknown): string | typeof unfit {
  return typeof text === "string" && isStorableText(text) ? text : unfit;
}

/** Of a kind whose cells are what JSON has, or texts. */
const plain = { via: "json", write: String } as const;

/** Texts that the type itself reads: any column but bytes accepts what a literal of it would be. */
const literal: Kind = {
  ...plain,
  expected: "a string without NUL and lone surrogates",
  encode: textCell,
};

const number: Kind = {
  ...plain,
  expected: "a number, a bigint or a string",
  encode: (value) => {
    if (typeof value === "bigint") return String(value);
    if (typeof value !== "number") return textCell(value);
    if (value === 0) return Object.is(value, -0) ? "-0" : 0;
    return Number.isFinite(value) ? value : String(value); // PostgreSQL knows all three by name.
  },
};

const truth: Kind = {
  ...plain,
  expected: "a boolean or a string",
  encode: (value) => typeof value === "boolean" ? value : textCell(value),
};

const instant: Kind = {
  ...plain,
  expected: "a valid Date or a string",
  encode: (value) => {
    if (!(value instanceof Date)) return textCell(value);
    return Number.isNaN(value.getTime()) ? unfit : instantText(value);
  },
};

/** A `Date` has no day and no time of day without a zone, which these types do not have. */
const zoneless: Kind = {
  ...plain,
  expected: "a string, as a Date is an instant and this type has no time zone",
  encode: textCell,
};

const bytes: Kind = {
  expected: "a Uint8Array",
  via: "bytes",
  encode: (value) => value instanceof Uint8Array ? value : unfit,
  write: (cell) => cell instanceof Uint8Array ? hexText(cell) : String(cell),
};

const json: Kind = {
  expected: "a value that JSON can hold, without NUL and lone surrogates",
  via: "text", // A text within a JSON would become a string of JSON.
  encode: (value) => isJson(value, 0) ? JSON.stringify(value) : unfit,
  write: String,
};

const byName: Readonly<Record<string, Kind>> = {
  bytea: bytes,
  json,
  jsonb: json,
  timestamptz: instant,
  timestamp: zoneless,
  date: zoneless,
};

const byCategory: Readonly<Record<string, Kind>> = { N: number, B: truth };

/** A type at the bottom of its domains. */
export interface BaseType {
  /** Its name in the catalogue. */
  readonly name: string;
  /** Its category in the catalogue. */
  readonly category: string;
  /** Type of the elements of an array. */
  readonly element?: BaseType | undefined;
  /** Separator between the elements of its arrays. */
  readonly delimiter: string;
}

/** Returns the kind of values that a type accepts. */
export function kindOf({ name, category, element }: BaseType): Kind {
  if (element !== undefined) return arrayOf(kindOf(element), element.delimiter);
  return byName[name] ?? byCategory[category] ?? literal;
}

/** The cell of a value, or `unfit`. */
export function cellOf(kind: Kind, value: unknown): Cell | typeof unfit {
  if (value === null) return null;
  return isPgText(value) ? textCell(value.text) : kind.encode(value);
}

function arrayOf(element: Kind, delimiter: string): Kind {
  const encode = (value: unknown, depth: number): Cell | typeof unfit => {
    if (!Array.isArray(value)) return cellOf(depth === 0 ? literal : element, value);
    if (depth > 0 && element === json) return unfit; // It would be taken for one more dimension.
    const cells = Array.from(value as unknown[], (item) => encode(item, depth + 1));
    return cells.includes(unfit) ? unfit : cells as Cell[];
  };
  const write = (cell: Cell) =>
    typeof cell === "string" ? cell : arrayText(cell as Cell[], element, delimiter);
  return {
    expected: `an array, each element of which is ${element.expected}, or a string`,
    via: "json",
    encode: (value) => {
      const cell = encode(value, 0);
      return cell === unfit || element.via === "json" ? cell : write(cell);
    },
    write,
  };
}

/** `{1,"two",NULL}`. */
function arrayText(cells: readonly Cell[], element: Kind, delimiter: string): string {
  const items = cells.map((cell) => {
    if (cell === null) return "NULL";
    if (Array.isArray(cell)) return arrayText(cell as Cell[], element, delimiter);
    return `"${element.write(cell).replaceAll(/["\\]/g, "\\$&")}"`;
  });
  return `{${items.join(delimiter)}}`;
}

/** ISO 8601 where PostgreSQL reads it: it has years above 9999 without a sign, and counts BC. */
function instantText(date: Date): string {
  const text = date.toISOString();
  const year = date.getUTCFullYear();
  if (year > 0 && year <= 9999) return text;
  const rest = text.slice(text.indexOf("-", 1));
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

/**
 * Returns true if JSON keeps a value as it is; a `toJSON` would put something else in its place.
 */
function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return isStorableText(value);
  if (typeof value !== "object" || depth === maxDepth) return false;
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length; n++) if (!isJson(value[n], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.entries(value).every(([name, member]) =>
    isStorableText(name) && isJson(member, depth + 1)
  );
}
