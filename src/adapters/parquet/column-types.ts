import { jsonOf } from "../../bytes/json-text.ts";

/** A column type, by its name in hyparquet-writer. */
export type ParquetType =
  | "BOOLEAN"
  | "INT32"
  | "INT64"
  | "FLOAT"
  | "DOUBLE"
  | "DECIMAL"
  | "STRING"
  | "BYTE_ARRAY"
  | "JSON"
  | "TIMESTAMP"
  | "DATE"
  | "UUID";

/** Values of each type. */
export interface ParquetValues {
  /** True or false. */
  readonly BOOLEAN: boolean;
  /** An integer. */
  readonly INT32: number;
  /** An integer. */
  readonly INT64: bigint | number;
  /** A number, rounded to 32 bits. */
  readonly FLOAT: number;
  /** A number. */
  readonly DOUBLE: number;
  /** A number, or its text, that fits the precision and scale. */
  readonly DECIMAL: bigint | number | string;
  /** A text. */
  readonly STRING: string;
  /** Bytes. */
  readonly BYTE_ARRAY: Uint8Array;
  /** Any value that JSON can hold. */
  readonly JSON: unknown;
  /** An instant, in milliseconds. */
  readonly TIMESTAMP: Date;
  /** A date at midnight, UTC. */
  readonly DATE: Date;
  /** The text of a UUID. */
  readonly UUID: string;
}

/** Rules for the values of a type. */
export interface ColumnType {
  /** Completes "must be …". */
  readonly expected: string;
  /** Its element in the schema of a file. */
  readonly element: Readonly<Record<string, unknown>>;
  /** Returns the value for hyparquet-writer; `undefined` if the value is not of the type. */
  readonly write: (value: unknown, scale: number) => unknown;
}

const aDay = 86_400_000;
const int64 = 2n ** 63n;

const kept = (test: (value: unknown) => boolean): ColumnType["write"] => (value) =>
  test(value) ? value : undefined;
const isTime = (value: unknown): value is Date =>
  value instanceof Date && !Number.isNaN(value.getTime());
const isText = (value: unknown): value is string =>
  typeof value === "string" && !/\p{Surrogate}/u.test(value);

/** Rules of each type. */
export const columnTypes: Readonly<Record<ParquetType, ColumnType>> = {
  BOOLEAN: {
    expected: "a boolean",
    element: { type: "BOOLEAN" },
    write: kept((value) => typeof value === "boolean"),
  },
  INT32: {
    expected: "an integer of 32 bits",
    element: { type: "INT32" },
    write: kept((value) => value === ((value as number) | 0)),
  },
  INT64: {
    expected: "an integer of 64 bits",
    element: { type: "INT64" },
    write: (value) => {
      if (Number.isSafeInteger(value)) return BigInt(value as number);
      return typeof value === "bigint" && value >= -int64 && value < int64 ? value : undefined;
    },
  },
  FLOAT: {
    expected: "a number",
    element: { type: "FLOAT" },
    write: kept((value) => typeof value === "number"),
  },
  DOUBLE: {
    expected: "a number",
    element: { type: "DOUBLE" },
    write: kept((value) => typeof value === "number"),
  },
  DECIMAL: {
    expected: "a decimal number, or the text of one, that fits its precision and scale",
    element: { type: "INT64", converted_type: "DECIMAL" },
    write: unscaled,
  },
  STRING: {
    expected: "a string without half a character",
    element: { type: "BYTE_ARRAY", converted_type: "UTF8" },
    write: kept(isText),
  },
  BYTE_ARRAY: {
    expected: "a Uint8Array",
    element: { type: "BYTE_ARRAY" },
    write: kept((value) => value instanceof Uint8Array),
  },
  JSON: {
    expected: "a value that has JSON",
    element: { type: "BYTE_ARRAY", converted_type: "JSON" },
    // The writer makes JSON by itself, but integers of any size would lose digits there.
    write: (value) => JSON.parse(jsonOf(value)) as unknown,
  },
  TIMESTAMP: {
    expected: "a valid Date",
    element: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
    write: kept(isTime),
  },
  DATE: {
    expected: "a Date at midnight, UTC",
    element: { type: "INT32", converted_type: "DATE" },
    write: kept((value) => isTime(value) && value.getTime() % aDay === 0),
  },
  UUID: {
    expected: "a UUID",
    element: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, logical_type: { type: "UUID" } },
    write: kept((value) =>
      typeof value === "string" && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
    ),
  },
};

/** A decimal as the integer that it is at its scale. */
function unscaled(value: unknown, scale: number): bigint | undefined {
  if (!["string", "number", "bigint"].includes(typeof value)) return undefined;
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(`${value}`) ?? [];
  if (whole === undefined) return undefined;
  const digits = part.replace(/0+$/, "");
  if (digits.length > scale) return undefined;
  return BigInt(`${sign}${whole}${digits.padEnd(scale, "0")}`);
}

/** The type of values like this one: of every number the same, as others may have a fraction. */
export function typeOfValue(value: unknown): ParquetType {
  switch (typeof value) {
    case "boolean":
      return "BOOLEAN";
    case "bigint":
      return "INT64";
    case "number":
      return "DOUBLE";
    case "string":
      return "STRING";
    default:
      if (value instanceof Date) return "TIMESTAMP";
      return value instanceof Uint8Array ? "BYTE_ARRAY" : "JSON";
  }
}
