import { BatchError } from "../../errors.ts";
import { unencodable } from "../../bytes/row-encoder.ts";
import { fail, inWords, type Rule } from "../../plain-options.ts";
import { columnTypes, type ParquetType, type ParquetValues, typeOfValue } from "./column-types.ts";

/** A column: its type, or an object with the type and further options. */
export type ParquetColumn = Exclude<ParquetType, "DECIMAL"> | {
  /** The type. */
  readonly type: Exclude<ParquetType, "DECIMAL">;
  /** If true, its values may be null. @default {true} */
  readonly nullable?: boolean | undefined;
} | {
  /** The type: an exact number with `precision` digits. */
  readonly type: "DECIMAL";
  /** Total number of digits, from 1 to 18. */
  readonly precision: number;
  /** Number of digits after the point. */
  readonly scale: number;
  /** If true, its values may be null. @default {true} */
  readonly nullable?: boolean | undefined;
};

/** The columns of a file, by their names. */
export type ParquetColumns = Readonly<Record<string, ParquetColumn>>;

/**
 * The rows that fit columns: each has values of the column types, or null unless the column is not
 * `nullable`. Any objects, if the columns are not known before the run.
 */
export type ParquetRow<C extends ParquetColumns> = string extends keyof C ? object
  :
    & {
      readonly [K in keyof C as C[K] extends { readonly nullable: false } ? K : never]:
        ParquetValueOf<C[K]>;
    }
    & {
      readonly [K in keyof C as C[K] extends { readonly nullable: false } ? never : K]?:
        | ParquetValueOf<C[K]>
        | null;
    };

/** The value of a column, by its type. */
export type ParquetValueOf<C> = ParquetValues[
  & ParquetType
  & (C extends { readonly type: infer T } ? T : C)
];

/** A column with all that is said of it. */
export interface Column {
  readonly name: string;
  readonly type: ParquetType;
  readonly nullable: boolean;
  readonly precision: number;
  readonly scale: number;
}

export const columnsRule: Rule = {
  expected: "an object of types (BOOLEAN, INT32, INT64, FLOAT, DOUBLE, STRING, BYTE_ARRAY, JSON, " +
    "TIMESTAMP, DATE, UUID), or of { type, nullable } with these or with " +
    '{ type: "DECIMAL", precision, scale }',
  test: (value) =>
    typeof value === "object" && value !== null && Object.keys(value).length > 0 &&
    Object.values(value).every(isColumn),
};

function isColumn(column: unknown): boolean {
  const { type, nullable = true, precision, scale } = Object(membersOf(column)) as {
    readonly [K in keyof Column]?: unknown;
  };
  if (!Object.hasOwn(columnTypes, String(type)) || typeof nullable !== "boolean") return false;
  const isNumber = Number.isInteger(precision) && Number.isInteger(scale);
  const [digits, behind] = [precision as number, scale as number];
  return type === "DECIMAL"
    ? isNumber && digits >= 1 && digits <= 18 && behind >= 0 && behind <= digits
    : precision === undefined && scale === undefined;
}

function membersOf(column: unknown): unknown {
  return typeof column === "string" ? { type: column } : column;
}

/** The columns that were given. */
export function columnsOf(columns: ParquetColumns): Column[] {
  return Object.entries(columns).map(([name, column]) => ({
    name,
    nullable: true,
    precision: 0,
    scale: 0,
    ...membersOf(column) as { type: ParquetType },
  }));
}

/** The columns that rows have. @throws {ConfigurationError} If they do not tell the type of one. */
export function columnsOfRows(action: string, rows: readonly unknown[]): Column[] {
  const types: Record<string, ParquetType | undefined> = Object.create(null);
  for (const row of rows) {
    if (typeof row !== "object" || row === null) continue;
    for (const [name, value] of Object.entries(row)) {
      types[name] ??= value === null || value === undefined ? undefined : typeOfValue(value);
    }
  }
  return Object.entries(types).map(([name, type]) => {
    if (type !== undefined) return { name, type, nullable: true, precision: 0, scale: 0 };
    return fail(action, "columns", `given, as '${name}' has no value in the first rows`, undefined);
  });
}

/** Returns the elements of columns in the schema of a file. */
export function schemaOf(columns: readonly Column[]): object[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type, nullable, precision, scale }) => ({
      name,
      ...columnTypes[type].element,
      ...(type === "DECIMAL" && { precision, scale }),
      repetition_type: nullable ? "OPTIONAL" : "REQUIRED",
    })),
  ];
}

/**
 * Returns the values of rows by column, in the form that hyparquet-writer expects.
 *
 * @param isOpen True if properties without a column are left out.
 * @throws {BatchError} If some rows do not fit; it names all of them by their index.
 */
export function valuesOf(
  rows: readonly unknown[],
  columns: readonly Column[],
  isOpen: boolean,
): unknown[][] {
  const failures = new Map<number, Error>();
  const values: unknown[][] = columns.map(() => []);
  for (let index = 0; index < rows.length; index++) {
    try {
      const row = checked(rows[index], columns, isOpen);
      for (let at = 0; at < columns.length; at++) {
        values[at]!.push(valueOf(columns[at]!, row[columns[at]!.name]));
      }
    } catch (error) {
      failures.set(index, unencodable(error, index));
    }
  }
  if (failures.size > 0) throw new BatchError(failures);
  return values;
}

function checked(
  row: unknown,
  columns: readonly Column[],
  isOpen: boolean,
): Readonly<Record<string, unknown>> {
  if (typeof row !== "object" || row === null) {
    throw new TypeError(`it must be an object: current value is ${inWords(row)}`);
  }
  const strange = isOpen
    ? undefined
    : Object.keys(row).find((key) => !columns.some(({ name }) => name === key));
  if (strange !== undefined) {
    throw new TypeError(`it has '${strange}', and the first rows have not`);
  }
  return row as Readonly<Record<string, unknown>>;
}

function valueOf({ name, type, nullable, precision, scale }: Column, value: unknown): unknown {
  const { expected, write } = columnTypes[type];
  if (value === null || value === undefined) {
    if (nullable) return null;
  } else {
    const written = write(value, scale);
    const fits = type !== "DECIMAL" || isWithin(written, precision);
    if (written !== undefined && fits) return written;
  }
  throw new TypeError(`'${name}' must be ${expected}: current value is ${inWords(value)}`);
}

function isWithin(unscaled: unknown, precision: number): boolean {
  const limit = 10n ** BigInt(precision);
  return typeof unscaled === "bigint" && unscaled < limit && unscaled > -limit;
}
