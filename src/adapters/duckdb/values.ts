/**
 * Values that a column accepts, by its type: each as the text that the database reads.
 * @module
 */
import { decimalFits, fieldsOf, isInteger, parametersOf, rangeOf, timeText } from "./types.ts";

/** A value as it is kept until it is written. */
export type Cell = string | number | bigint | boolean | Date | Uint8Array | null;

/** Encoding of the values of a column. */
export interface Kind {
  /** Values that the column accepts, in words. */
  readonly expected: string;
  /** The text of a value, `null` for none; `undefined` if it would be changed. */
  encode(value: unknown): string | null | undefined;
  /** The value in SQL, made of the text. */
  sql(text: string, type: string): string;
  /**
   * Structure by which `from_json` reads it within a list or a struct; `undefined` if it cannot.
   */
  readonly shape: unknown;
}

const plain = { sql: (text: string) => text, shape: "VARCHAR" as unknown };

/** A kind of one column, of which `null` is not a value, and a string is read by the database. */
function scalar(expected: string, encode: (value: unknown) => string | undefined): Kind {
  return {
    ...plain,
    expected: `${expected}, a string that DuckDB reads as one, or null`,
    encode: (value) => {
      if (value === null) return null;
      if (typeof value !== "string") return encode(value);
      return isText(value) ? value : undefined;
    },
  };
}

function isText(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed(); // ES2024.
}

const booleans = scalar(
  "true or false",
  (value) => typeof value === "boolean" ? `${value}` : undefined,
);

const doubles = scalar("a number", (value) => {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : `${value}`;
  return typeof value === "bigint" && BigInt(Number(value)) === value ? `${value}` : undefined;
});

/** Accepts any number in range, as rounding to the nearest 32-bit float is expected. */
const floats = scalar("a number of up to 3.4e38", (value) => {
  const isFit = Number.isFinite(value) === Number.isFinite(Math.fround(value as number));
  return typeof value === "number" && isFit ? doubles.encode(value) as string : undefined;
});

const texts: Kind = {
  ...plain,
  expected: "a string without half of a surrogate pair, or null (give String() of a number)",
  encode: (value) =>
    value === null ? null : typeof value === "string" && isText(value) ? value : undefined,
};

const others = scalar("of its type", () => undefined);

const blobs: Kind = {
  expected: "a Uint8Array, or null",
  encode: (value) => value === null ? null : value instanceof Uint8Array ? hexOf(value) : undefined,
  sql: (text) => `unhex(${text})`,
  shape: undefined,
};

const json: Kind = {
  ...plain,
  expected: "a value of JSON, or a text of it",
  encode: (value) => {
    if (value === null) return null;
    if (typeof value === "string") return isText(value) ? value : undefined;
    return isJson(value, 0) ? JSON.stringify(value) : undefined;
  },
};

const hexDigits = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexDigits[byte]!;
  return text;
}

const maxDepth = 100; // Deeper ones may hold themselves.

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value === "string") return isText(value);
  if (typeof value !== "object" || depth > maxDepth) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  return isPlain(value) &&
    Object.entries(value).every(([name, item]) => isText(name) && isJson(item, depth + 1));
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function integers(type: string): Kind {
  const [low, high] = rangeOf(type)!;
  const [least, most] = [Number(low), Number(high)];
  return scalar(`an integer from ${low} to ${high}`, (value) => {
    if (!isInteger(value)) return undefined;
    if (Number.isSafeInteger(value)) { // As most are: bigints would take longer.
      return value >= least && value <= most ? `${value}` : undefined;
    }
    const integer = BigInt(value);
    return low <= integer && integer <= high ? `${integer}` : undefined;
  });
}

function decimals(type: string): Kind {
  const [width, scale] = parametersOf(type);
  const expected = `a number of up to ${scale} decimals and ${width! - scale!} digits before them`;
  return scalar(expected, (value) => {
    if (typeof value !== "number" && typeof value !== "bigint") return undefined;
    return decimalFits(value, width!, scale!) ? `${value}` : undefined;
  });
}

function times(type: string): Kind {
  return scalar("a Date that its type can hold", (value) => timeText(value, type));
}

/** Values within others, which are given as JSON with a text for each scalar. */
function nested(
  expected: string,
  shape: unknown,
  encode: (value: object) => unknown,
): Kind {
  return {
    expected: `${expected}, or null`,
    encode: (value) => {
      if (value === null) return null;
      const texts = typeof value === "object" ? encode(value) : undefined;
      return texts === undefined ? undefined : JSON.stringify(texts);
    },
    sql: (text, type) =>
      `from_json(${text}, '${JSON.stringify(shape).replaceAll("'", "''")}')::${type}`,
    shape,
  };
}

/** Returns a value as it stands in the JSON of another one. */
function within(kind: Kind, value: unknown): unknown {
  const text = kind.encode(value ?? null);
  return typeof text !== "string" || kind.shape === "VARCHAR" ? text : JSON.parse(text);
}

function lists(type: string): Kind {
  const item = kindOf(type.replace(/\[\d*\]$/, ""));
  if (item.shape === undefined) return others;
  const size = /\[(\d+)\]$/.exec(type)?.[1];
  const count = size === undefined ? "" : `${size} `;
  const expected = `an array, each of whose ${count}items is ${item.expected}`;
  return nested(expected, [item.shape], (value) => {
    if (!Array.isArray(value) || (size !== undefined && value.length !== Number(size))) {
      return undefined;
    }
    const texts = Array.from(value, (one) => within(item, one));
    return texts.includes(undefined) ? undefined : texts;
  });
}

function structs(type: string): Kind {
  const fields = fieldsOf(type).map(([name, type]) => [name, kindOf(type)] as const);
  if (fields.some(([, { shape }]) => shape === undefined)) return others;
  const shape = Object.fromEntries(fields.map(([name, kind]) => [name, kind.shape]));
  const known = new Set(fields.map(([name]) => name));
  const told = fields.map(([name, { expected }]) => `${JSON.stringify(name)} (${expected})`);
  return nested(`an object of ${told.join(", ")}`, shape, (value) => {
    if (!isPlain(value) || Object.keys(value).some((name) => !known.has(name))) return undefined;
    const given = value as Readonly<Record<string, unknown>>;
    const texts = fields.map(([name, kind]) => [name, within(kind, given[name])] as const);
    return texts.some(([, text]) => text === undefined) ? undefined : Object.fromEntries(texts);
  });
}

/** Returns the kind of a column that identifies rows. */
export function withoutNull(kind: Kind): Kind {
  return {
    ...kind,
    expected: `${kind.expected.replace(", or null", "")}; not null, as it tells rows apart`,
    encode: (value) => value === null ? undefined : kind.encode(value),
  };
}

/** Returns the encoding for a column of a type, as the database names it. */
export function kindOf(type: string): Kind {
  if (type.endsWith("]")) return lists(type);
  if (type.startsWith("STRUCT(")) return structs(type);
  if (type.startsWith("DECIMAL(")) return decimals(type);
  if (type.startsWith("TIMESTAMP")) return times(type);
  if (rangeOf(type) !== undefined) return integers(type);
  return kinds[type] ?? others;
}

const kinds: Readonly<Record<string, Kind>> = {
  ...{ BOOLEAN: booleans, DOUBLE: doubles, FLOAT: floats, VARCHAR: texts, BLOB: blobs, JSON: json },
};
