import { encodeEach, type RowEncoder, rowEncoder } from "../../bytes/row-encoder.ts";
import { checkOptions, inWords, oneOf, type OptionTable, truthValue } from "../../plain-options.ts";
import { fieldWriter } from "./fields.ts";
import { doubleOf, isNames } from "./header.ts";
import { plainText } from "./plain-text.ts";

/** Options of `encodeCsv`. */
export interface EncodeCsvOptions<T extends object = Record<string, unknown>> {
  /**
   * The columns, in order. Other properties are left out, and a missing one is an empty field. By default
   * the first row decides, and a row with other properties is an error. If another process continues a
   * file, only `columns` ensures that its rows have the same order.
   */
  readonly columns?: readonly (keyof T & string)[] | undefined;
  /** Delimiter of the fields. @default {","} */
  readonly delimiter?: string | undefined;
  /** If true, the file begins with the column names. @default {true} */
  readonly header?: boolean | undefined;
  /** Line break after each record. @default {"\r\n"} */
  readonly newline?: "\r\n" | "\n" | undefined;
  /**
   * Handling of a text that a spreadsheet would evaluate because it begins with `=`, `+`, `-`, `@`, a tab
   * or a line break. `"escape"` puts a `'` before it, unless it is a plain number such as `-5`. `"allow"`
   * writes it unchanged, for files that only programs read.
   * @default {"escape"}
   */
  readonly formulas?: "escape" | "allow" | undefined;
  /**
   * If true, the file begins with a byte-order mark, which makes Excel read it as UTF-8. @default {false}
   */
  readonly byteOrderMark?: boolean | undefined;
}

const table: OptionTable<EncodeCsvOptions> = {
  columns: [{
    expected: "an array of different names",
    test: (value) => isNames(value) && value.length > 0 && doubleOf(value) === undefined,
  }],
  delimiter: [plainText, ","],
  header: [truthValue, true],
  newline: [oneOf("\r\n", "\n"), "\r\n"],
  formulas: [oneOf("escape", "allow"), "escape"],
  byteOrderMark: [truthValue, false],
};

/**
 * Encodes rows as CSV (RFC 4180). The result is a pair of streams for `pipeThrough`, and also the format
 * of a sink for files. Fields are quoted only if necessary.
 *
 * `null` and `undefined` are empty fields, and `""` is a quoted one. A `Date` is written in UTC as ISO
 * 8601, bytes as base64, arrays and other objects as JSON. `NaN`, infinite numbers, invalid dates,
 * functions and lone surrogates cannot be written. A `BatchError` names the rows that cannot be encoded,
 * and no row of their call is written.
 * @throws {ConfigurationError} If an option breaks its rule.
 *
 * @example Rows become bytes
 * ```ts
 * import { encodeCsv } from "millrace/csv";
 * import { equal } from "node:assert/strict";
 *
 * const rows = [{ id: 1, note: "=1+1" }, { id: 2, note: 'say "hi"' }, { id: 3, note: null }];
 * const bytes = ReadableStream.from(rows).pipeThrough(encodeCsv());
 * equal(await new Response(bytes).text(), "id,note\r\n1,'=1+1\r\n2,\"say \"\"hi\"\"\"\r\n3,\r\n");
 * ```
 */
export function encodeCsv<T extends object = Record<string, unknown>>(
  options: EncodeCsvOptions<T> = {},
): RowEncoder<T> {
  const checked = checkOptions<EncodeCsvOptions, "columns">(
    "encode CSV",
    options as EncodeCsvOptions,
    table,
  );
  const { delimiter, header, newline, byteOrderMark } = checked;
  const write = fieldWriter(checked);
  let names: readonly string[] | undefined = checked.columns;
  // The columns of the first rows apply from then on, so that all parts of a file are alike.
  const namesOf = (rows: readonly T[]): readonly string[] => {
    if (names === undefined) {
      const first = rows.find((row) => Object.keys(Object(row)).length > 0);
      if (first !== undefined) names = Object.keys(first);
    }
    return names ?? [];
  };
  return rowEncoder<T>({
    head(rows) {
      const mark = byteOrderMark ? "\uFEFF" : "";
      const columns = namesOf(rows);
      if (!header || columns.length === 0) return mark;
      return mark + columns.map((name) => write(name, name)).join(delimiter) + newline;
    },
    body(rows) {
      const columns = namesOf(rows);
      const isOpen = checked.columns !== undefined;
      const lines = encodeEach(rows, (row) => {
        check(row, columns, isOpen);
        const line = columns.map((name) => write(row[name as keyof T], name)).join(delimiter);
        // A blank line is not a record.
        return (line === "" ? '""' : line) + newline;
      });
      return lines.join("");
    },
    separator: "",
    tail: () => "",
    extension: delimiter === "\t" ? "tsv" : "csv",
    contentType: delimiter === "\t" ? "text/tab-separated-values" : "text/csv",
  });
}

/** Throws if a row is not an object, or its properties differ from those of the first row. */
function check(row: unknown, columns: readonly string[], isOpen: boolean): void {
  if (typeof row !== "object" || row === null) {
    throw new TypeError(`it must be an object: current value is ${inWords(row)}`);
  }
  if (isOpen) return;
  const keys = Object.keys(row);
  const strange = keys.find((key) => !columns.includes(key));
  if (strange !== undefined) throw new TypeError(`it has '${strange}', and the first row has not`);
  const missing = keys.length < columns.length && columns.find((name) => !Object.hasOwn(row, name));
  if (missing !== false) throw new TypeError(`it lacks '${missing}', which the first row has`);
}
