import { decompressed, type DecompressOptions } from "../../bytes/decompress.ts";
import type { Input } from "../../bytes/input.ts";
import {
  type Positioned,
  positionsRule,
  type ReaderOptions,
  readerOptions,
} from "../../bytes/reader-options.ts";
import { recordStream } from "../../bytes/records.ts";
import {
  anyObject,
  callable,
  checkOptions,
  fail,
  oneOf,
  type OptionTable,
  type Rule,
} from "../../plain-options.ts";
import type { StandardSchema } from "../../pipeline/parse.ts";
import { type Chunks, chunks } from "../../streams/chunks.ts";
import { type CsvColumns, type CsvValue, isColumn } from "./columns.ts";
import { CsvParser, type CsvPlan } from "./csv-parser.ts";
import { type CsvHeader, doubleOf, isNames } from "./header.ts";
import { plainText } from "./plain-text.ts";
import { isMultiByte } from "./text-pieces.ts";

/** Options of `readCsv`. */
export interface ReadCsvOptions<
  Header extends CsvHeader = CsvHeader,
  Empty extends "" | null = "" | null,
  Columns extends CsvColumns = CsvColumns,
  Output = unknown,
  Positions extends boolean = boolean,
> extends ReaderOptions {
  /**
   * Delimiter of the fields. `"auto"` detects `,`, `;`, tab or `|` from the first ten records, or from
   * the header alone if it contains only one of them.
   * @default {"auto"}
   */
  readonly delimiter?: string | undefined;
  /**
   * Source of the column names: the first record (`true`), a function that may rename its columns, or an
   * array of names. With an array, the first record is a row. With `false` there are no names: each row
   * is an array of its fields.
   * @default {true}
   */
  readonly header?: Header | undefined;
  /** Value of an empty unquoted field. A quoted one is always `""`. @default {""} */
  readonly empty?: Empty | undefined;
  /**
   * Handling of a record with more or fewer fields than the header. With `"error"` it is malformed. With
   * `"pad"` missing fields at its end count as empty, and surplus empty fields are dropped. It is still
   * malformed if a surplus field has text.
   * @default {"error"}
   */
  readonly ragged?: "error" | "pad" | undefined;
  /** Prefix of lines that are comments, not records. */
  readonly comment?: string | undefined;
  /**
   * The types of columns, by name. A field that does not fit its type is malformed. Columns without a
   * type stay text. The header must contain every column named here.
   */
  readonly columns?: (Columns & CsvColumns) | undefined;
  /** Synchronous schema that validates each record, after `columns`. The row is its output. */
  readonly schema?: StandardSchema<unknown, Output> | undefined;
  /** If true, each row is yielded as `{ value, line, end }`. @default {false} */
  readonly positions?: Positions | undefined;
}

/** Type of a row. */
export type CsvRow<
  Header extends CsvHeader,
  Empty extends "" | null,
  Columns extends CsvColumns,
> = Header extends false ? (string | Empty)[]
  : Header extends readonly string[] ? {
      [Name in Header[number]]: Name extends keyof Columns ? CsvValue<Columns[Name]>
        : string | Empty;
    }
  : [keyof Columns] extends [never] ? Record<string, string | Empty>
  : { -readonly [Name in keyof Columns]: CsvValue<Columns[Name]> } & Record<string, unknown>;

const delimiterRule: Rule = {
  expected: '"auto" or a text without quotes and line breaks',
  test: plainText.test,
};
const headerRule: Rule = {
  expected: "a boolean, a function or an array of different names",
  test: (value) =>
    typeof value === "boolean" || typeof value === "function" ||
    isNames(value) && value.length > 0 && doubleOf(value) === undefined,
};
const columnsRule: Rule = {
  expected: "an object of types (string, number, bigint, boolean, date or json, each with ? for " +
    "null) or functions",
  test: (value) => anyObject.test(value) && Object.values(value as object).every(isColumn),
};
const schemaRule: Rule = {
  expected: "a Standard Schema",
  test: (value) => callable.test((value as Partial<StandardSchema>)?.["~standard"]?.validate),
};

const table: OptionTable<ReadCsvOptions> = {
  ...readerOptions,
  ...positionsRule,
  delimiter: [delimiterRule, "auto"],
  header: [headerRule, true],
  empty: [{ expected: '"" or null', test: (value) => value === "" || value === null }],
  ragged: [oneOf("error", "pad"), "error"],
  comment: [plainText],
  columns: [columnsRule],
  schema: [schemaRule],
};

const action = "read CSV";

/**
 * Reads CSV, TSV and similar formats: RFC 4180 and what occurs in practice. Yields arrays with one row
 * for each record, the fast path of a pipeline. An error about a record names its line and byte.
 *
 * Line breaks may be CRLF, LF and CR in any mix. Quoted fields may contain line breaks, delimiters and
 * doubled quotes. A quote inside an unquoted field is an ordinary character. Blank lines are skipped. A
 * byte-order mark is removed.
 *
 * An unclosed quote costs at most `maxRecordBytes`. With `malformed: "item"` reading resumes at the line
 * after the one that opened the quote, so only that record is lost.
 *
 * In an array or a list of inputs, each input has its own header. If an input begins in the middle of a
 * file, `header` must be an array of names.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or the input cannot be read from.
 *
 * @example Typed columns
 * ```ts
 * import { batched } from "millrace";
 * import { readCsv } from "millrace/csv";
 * import { deepEqual } from "node:assert/strict";
 *
 * const file = new Blob(["id;name;born\r\n1;Ada;1815-12-10\r\n2;\"Grace; Rear Admiral\";\r\n"]);
 * const people = readCsv(file, { columns: { id: "number", born: "date?" } });
 * deepEqual(await Array.fromAsync(batched(people, { batchSize: 2 })), [[
 *   { id: 1, name: "Ada", born: new Date("1815-12-10") },
 *   { id: 2, name: "Grace; Rear Admiral", born: null },
 * ]]);
 * ```
 */
export function readCsv<
  const Header extends CsvHeader = true,
  const Empty extends "" | null = "",
  // deno-lint-ignore ban-types -- No column has a type; {} is what says so.
  const Columns extends CsvColumns = {},
  Output = CsvRow<Header, Empty, Columns>,
  const Positions extends boolean = false,
>(
  input: Input,
  options: ReadCsvOptions<Header, Empty, Columns, Output, Positions> = {},
): Chunks<Positions extends true ? Positioned<Output> : Output> {
  const { format, ...plan } = planOf(options);
  const stream = recordStream<unknown>({
    action,
    input,
    prepare: (source) => decompressed(source, { format }),
    parserOf: (source) =>
      new CsvParser(source.isText ? { ...plan, encoding: "utf-8" } : plan, source),
  });
  return chunks(stream) as Chunks<Positions extends true ? Positioned<Output> : Output>;
}

function planOf(
  options: ReadCsvOptions,
): CsvPlan & Pick<DecompressOptions, "format"> {
  const { decompress, maxRecordBytes, malformed, delimiter, ...rest } = checkOptions<
    ReadCsvOptions,
    "columns" | "schema" | "comment" | "encoding"
  >(action, options, table);
  const { header, columns, encoding, positions } = rest;
  if (header === false) {
    if (columns !== undefined) fail(action, "columns", "omitted without a header", columns);
    if (options.ragged !== undefined) {
      fail(action, "ragged", "omitted without a header", options.ragged);
    }
  }
  if (Array.isArray(header)) {
    const strange = Object.keys(columns ?? {}).find((name) => !header.includes(name));
    if (strange !== undefined) fail(action, "columns", "names of the header", strange);
  }
  if (positions && isMultiByte(new TextDecoder(encoding).encoding)) {
    fail(action, "positions", "omitted if character bytes cannot be counted", encoding);
  }
  return {
    ...rest,
    format: decompress,
    empty: options.empty === null ? null : "",
    delimiter: delimiter === "auto" ? undefined : delimiter,
    maxBytes: maxRecordBytes,
    passesMalformed: malformed === "item",
  };
}
