import {
  anyObject,
  checkOptions,
  type Complete,
  fail,
  nonEmptyString,
  type OptionTable,
  positiveInteger,
  type Rule,
  truthValue,
} from "../../plain-options.ts";
import { type Hyparquet, hyparquetRule, type ParquetCompressors } from "./hyparquet.ts";

/** Place to start reading, after the rows that were read before. */
export interface ParquetStart {
  /** The number of the first row to read, from 0: 1 more than that of the last row that was read. */
  readonly row: number;
  /** The name of the file, in a list; earlier files are not opened. @default {that of the first one} */
  readonly name?: string | undefined;
}

/** A row and its place. */
export interface PositionedRow<T> {
  /** The row. */
  readonly value: T;
  /** The name of its file, `""` if it has none. */
  readonly name: string;
  /** Its number in the file, from 0. */
  readonly row: number;
}

/** Options of `readParquet`. */
export interface ReadParquetOptions {
  /** The module: `import * as hyparquet from "hyparquet"`. */
  readonly hyparquet: Hyparquet;
  /** The columns to read, by name; other columns are not fetched. @default {all} */
  readonly columns?: readonly string[] | undefined;
  /** Place to resume after an earlier run. Row groups before it are not read. */
  readonly from?: ParquetStart | undefined;
  /** If true, each row is yielded as `{ value, name, row }`. @default {false} */
  readonly positions?: boolean | undefined;
  /**
   * Decompressors of pages by codec: `compressors` of the package hyparquet-compressors, or your own
   * functions. Without them, pages must be uncompressed or in Snappy.
   */
  readonly compressors?: ParquetCompressors | undefined;
  /**
   * Maximum bytes of a stream, a `Response` or a `Request`, each of which is in memory as a whole while
   * it is read. Without it, none of them is accepted.
   */
  readonly maxBytes?: number | undefined;
  /**
   * If true, bytes that the file does not declare as text are read as UTF-8, as some old writers intend.
   * @default {false}
   */
  readonly utf8?: boolean | undefined;
  /**
   * Functions that make timestamps, dates and other values instead of hyparquet, whose `Date` has only
   * milliseconds: `{ timestampFromMicroseconds: (micros) => micros }` keeps all digits.
   */
  readonly parsers?: object | undefined;
}

/** The options, checked. */
export type ReadParquetSettings = Complete<ReadParquetOptions, Open>;

/** Options without a default. */
type Open = Exclude<keyof ReadParquetOptions, "hyparquet" | "positions" | "utf8">;

const namesRule: Rule = {
  expected: "an array of different names that is not empty",
  test: (value) =>
    Array.isArray(value) && value.length > 0 && value.every(nonEmptyString.test) &&
    new Set(value).size === value.length,
};

const startRule: Rule = {
  expected: "{ row } with a whole number from 0, and perhaps a name",
  test: (value) => {
    const { row, name } = Object(value) as { readonly [K in keyof ParquetStart]?: unknown };
    return Number.isSafeInteger(row) && (row as number) >= 0 &&
      (name === undefined || typeof name === "string");
  },
};

const table: OptionTable<ReadParquetOptions> = {
  hyparquet: [hyparquetRule],
  columns: [namesRule],
  from: [startRule],
  positions: [truthValue, false],
  compressors: [anyObject],
  maxBytes: [positiveInteger],
  utf8: [truthValue, false],
  parsers: [anyObject],
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkReadOptions(
  action: string,
  options: ReadParquetOptions,
): ReadParquetSettings {
  const settings = checkOptions<ReadParquetOptions, Open>(
    action,
    options,
    table,
  );
  if (settings.hyparquet === undefined) {
    fail(action, "hyparquet", hyparquetRule.expected, undefined);
  }
  return settings;
}
