import { fail } from "../../options.ts";
import { action } from "./endpoint.ts";

/** Content of a column. */
export type ColumnType =
  | "text"
  | "int"
  | "number"
  | "boolean"
  | "date"
  | "json"
  | "bytes";

/** Types by column, in the order of the columns. Of one that is `undefined` nothing is known. */
export type Columns = ReadonlyMap<string, ColumnType | undefined>;

const names: Readonly<Record<string, ColumnType>> = {
  text: "text",
  string: "text",
  int: "int",
  integer: "int",
  bigint: "int",
  number: "number",
  float: "number",
  real: "number",
  double: "number",
  boolean: "boolean",
  bool: "boolean",
  date: "date",
  timestamp: "date",
  json: "json",
  bytes: "bytes",
};

/** The words of `--types`. */
export const typeWords = "text, int, number, boolean, date, json or bytes";

/**
 * Reads `id=int,born=date`.
 * @throws {ConfigurationError} If a part is no column with a type.
 */
export function typesOf(given: string | undefined): Map<string, ColumnType> {
  const types = new Map<string, ColumnType>();
  for (const part of given?.split(",") ?? []) {
    const at = part.lastIndexOf("=");
    const [name, type] = [part.slice(0, at), part.slice(at + 1).toLowerCase()];
    if (at < 1) fail(action, "--types", "columns with types such as id=int,born=date", given);
    if (!Object.hasOwn(names, type)) fail(action, `--types ${name}`, typeWords, type);
    types.set(name, names[type]!);
  }
  return types;
}

/**
 * The columns that rows have, and the types of what is in them. One with values of different types
 * has none: any of them would make other values of the rest.
 */
export function columnsOfRows(rows: readonly object[]): Columns {
  const found = new Map<string, ColumnType | "mixed" | undefined>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      found.set(name, joined(found.get(name), typeOfValue(value)));
    }
  }
  return new Map([...found].map(([name, type]) => [name, type === "mixed" ? undefined : type]));
}

/** The type of both: integers and fractions are numbers together. */
function joined(
  one: ColumnType | "mixed" | undefined,
  other: ColumnType | undefined,
): ColumnType | "mixed" | undefined {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  const isNumber = [one, other].every((type) => type === "int" || type === "number");
  return isNumber ? "number" : "mixed";
}

function typeOfValue(value: unknown): ColumnType | undefined {
  switch (typeof value) {
    case "string":
      return "text";
    case "bigint":
      return "int";
    case "number":
      return Number.isSafeInteger(value) ? "int" : "number";
    case "boolean":
      return "boolean";
    case "object":
      if (value === null) return undefined;
      if (value instanceof Date) return "date";
      return value instanceof Uint8Array ? "bytes" : "json";
    default:
      return undefined;
  }
}

/** Names of a type elsewhere. */
export const typeNames: Readonly<
  Record<"csv" | "sqlite" | "postgres" | "parquet", Readonly<Record<ColumnType, string>>>
> = {
  csv: {
    text: "string?",
    int: "bigint?",
    number: "number?",
    boolean: "boolean?",
    date: "date?",
    json: "json?",
    bytes: "bytes",
  },
  sqlite: {
    text: "text",
    int: "integer",
    number: "real",
    boolean: "integer",
    date: "text",
    json: "text",
    bytes: "blob",
  },
  postgres: {
    text: "text",
    int: "bigint",
    number: "double precision",
    boolean: "boolean",
    date: "timestamptz",
    json: "jsonb",
    bytes: "bytea",
  },
  parquet: {
    text: "STRING",
    int: "INT64",
    number: "DOUBLE",
    boolean: "BOOLEAN",
    date: "TIMESTAMP",
    json: "JSON",
    bytes: "BYTE_ARRAY",
  },
};
