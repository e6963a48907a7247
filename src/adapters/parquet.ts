/**
 * Parquet files, read and written a row group at a time by hyparquet, on every runtime.
 * @module
 */
export { readParquet } from "./parquet/read-parquet.ts";
export type { ParquetStart, PositionedRow, ReadParquetOptions } from "./parquet/read-options.ts";
export type { NamedParquetFile, ParquetFile, ParquetInput, RandomAccess } from "./parquet/files.ts";
export type {
  Hyparquet,
  ParquetCompressors,
  ParquetMetadata,
  ParquetScan,
} from "./parquet/hyparquet.ts";
export { InputError } from "../bytes/record-error.ts";
