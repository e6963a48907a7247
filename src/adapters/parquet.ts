/**
 * Reads and writes Parquet files, one row group at a time, with hyparquet, on all runtimes.
 * @module
 */
export { encodeParquet, type EncodeParquetOptions } from "./parquet/encode-parquet.ts";
export {
  type FittingParquetRow,
  type ParquetLoad,
  type ParquetSink,
  parquetSink,
  type ParquetSinkOptions,
  type ParquetStage,
  type ParquetWrappedLoad,
} from "./parquet/parquet-sink.ts";
export type {
  ParquetColumn,
  ParquetColumns,
  ParquetRow,
  ParquetValueOf,
} from "./parquet/columns.ts";
export type { ParquetType, ParquetValues } from "./parquet/column-types.ts";
export type {
  HyparquetWriter,
  ParquetFileWriter,
  WrittenColumn,
} from "./parquet/hyparquet-writer.ts";
export { readParquet } from "./parquet/read-parquet.ts";
export type { ParquetStart, PositionedRow, ReadParquetOptions } from "./parquet/read-options.ts";
export type { NamedParquetFile, ParquetFile, ParquetInput, RandomAccess } from "./parquet/files.ts";
export type {
  Hyparquet,
  ParquetCompressors,
  ParquetMetadata,
  ParquetScan,
} from "./parquet/hyparquet.ts";
export type {
  IndexedBody,
  IndexedFormat,
  PlacedBody,
  RowEncoder,
  RowFormat,
} from "../bytes/row-encoder.ts";
export { InputError } from "../bytes/record-error.ts";
