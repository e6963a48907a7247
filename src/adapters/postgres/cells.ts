/**
 * How the values of JavaScript go into a JSON that PostgreSQL reads, so that each arrives as it is
 * or is refused.
 * @module
 */

/** Stands for a value that a column does not take. */
export const unfit: unique symbol = Symbol("unfit");

/** Which values go into a column. */
export interface Kind {
  /** Completes the sentence "must be …". */
  readonly words: string;
  /** The value as JSON has it, or `unfit`; never called with `null`. */
  encode(value: unknown): unknown;
  /** What was encoded as a literal of SQL has it, where that is not its plain text. */
  write?(cell: unknown): string;
}

/** What no text of PostgreSQL can hold: it ends at the first, and UTF-8 has no place for the others. */
export const unstorable: RegExp = /[\0\ud800-\udfff]/u;

const maxDepth = 400; // Above it, JSON runs out of stack on some runtimes.

/** How text is read is up to the type: any column but bytes takes what a literal of it would be. */
const literal: Kind = {
  words: "a string without NUL and lone surrogates",
  encode: (value) => typeof value === "string" && !unstorable.test(value) ? value : unfit,
};

const number: Kind = {
  words: "a number, a bigint or a string",
  encode: (value) => {
    if (typeof value === "bigint") return String(value);
    if (typeof value !== "number") return literal.encode(value);
    if (value === 0) return Object.is(value, -0) ? "-0" : 0;
    return Number.isFinite(value) ? value : String(value); // PostgreSQL knows all three by name.
  },
};

const truth: Kind = {
  words: "a boolean or a string",
  encode: (value) => typeof value === "boolean" ? value : literal.encode(value),
};

const instant: Kind = {
  words: "a valid Date or a string",
  encode: (value) => {
    if (!(value instanceof Date)) return literal.encode(value);
    return Number.isNaN(value.getTime()) ? unfit : instantText(value);
  },
};

/** A `Date` has no day and no time of day without a zone, which these types do not have. */
const zoneless: Kind = {
  words: "a string, as a Date is an instant and this type has no time zone",
  encode: literal.encode,
};

const bytes: Kind = {
  words: "a Uint8Array",
  encode: (value) => value instanceof Uint8Array ? hexText(value) : unfit,
};

const json: Kind = {
  words: "a value that JSON can hold, without NUL and lone surrogates",
  encode: (value) => isJson(value, 0) ? value : unfit,
  write: (cell) => JSON.stringify(cell),
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

/** What a type takes, by its name and category in the catalogue, and by those of its elements. */
export function kindOf(
  name: string,
  category: string,
  elementName?: string | null,
  elementCategory?: string | null,
): Kind {
  if (category !== "A") return byName[name] ?? byCategory[category] ?? literal;
  return arrayOf(kindOf(elementName ?? "", elementCategory ?? ""));
}

function arrayOf(element: Kind): Kind {
  const encode = (value: unknown, depth: number): unknown => {
    if (value === null) return null;
    if (!Array.isArray(value)) return (depth === 0 ? literal : element).encode(value);
    if (depth > 0 && element === json) return unfit; // It would be taken for one more dimension.
    const cells = Array.from(value as unknown[], (item) => encode(item, depth + 1));
    return cells.includes(unfit) ? unfit : cells;
  };
  return {
    words: `an array, each element of which is ${element.words}, or a string`,
    encode: (value) => encode(value, 0),
    write: (cell) => typeof cell === "string" ? cell : arrayText(cell as unknown[], element),
  };
}

/** `{1,"two",NULL}`. */
function arrayText(cells: readonly unknown[], element: Kind): string {
  const items = cells.map((cell) => {
    if (cell === null) return "NULL";
    if (Array.isArray(cell)) return arrayText(cell, element);
    const text = element.write?.(cell) ?? String(cell);
    return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
  });
  return `{${items.join(",")}}`;
}

/** ISO 8601 where PostgreSQL reads it: it has years above 9999 without a sign, and counts BC. */
function instantText(date: Date): string {
  const text = date.toISOString();
  const year = date.getUTCFullYear();
  if (year > 0 && year <= 9999) return text;
  const rest = text.slice(text.indexOf("-", 1));
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

function hexText(value: Uint8Array): string {
  let text = "\\x";
  for (const byte of value) text += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16);
  return text;
}

/** Whether JSON gives back what it gets; a `toJSON` would put something else in its place. */
function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return !unstorable.test(value);
  if (typeof value !== "object" || depth === maxDepth) return false;
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length; n++) if (!isJson(value[n], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.entries(value).every(([name, member]) =>
    !unstorable.test(name) && isJson(member, depth + 1)
  );
}
