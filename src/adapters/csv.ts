/**
 * CSV, TSV and their like, read and written on all runtimes.
 * @module
 */
export type { CsvColumn, CsvColumns, CsvTypes, CsvValue } from "./csv/columns.ts";
export type { CsvHeader } from "./csv/header.ts";
export { encodeCsv, type EncodeCsvOptions } from "./csv/encode-csv.ts";
export { type CsvOptions, type CsvRow, readCsv } from "./csv/read-csv.ts";
