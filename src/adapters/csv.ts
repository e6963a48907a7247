/**
 * Reads and writes CSV, TSV and similar formats on all runtimes.
 * @module
 */
export type { CsvColumn, CsvColumns, CsvTypes, CsvValue } from "./csv/columns.ts";
export type { CsvHeader } from "./csv/header.ts";
export { encodeCsv, type EncodeCsvOptions } from "./csv/encode-csv.ts";
export { type CsvRow, readCsv, type ReadCsvOptions } from "./csv/read-csv.ts";
export type { ByteChunk, ByteInput, Input, InputStart, NamedInput } from "../bytes/input.ts";
export type { CompressionFormat, Positioned, ReaderOptions } from "../bytes/reader-options.ts";
export { InputError, RecordError } from "../bytes/record-error.ts";
export type { RowEncoder, RowFormat } from "../bytes/row-encoder.ts";
