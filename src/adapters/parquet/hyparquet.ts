import type { Rule } from "../../plain-options.ts";
import type { RandomAccess } from "./files.ts";

/** Functions that decompress pages, by the codecs of Parquet, such as `ZSTD` and `GZIP`. */
export type ParquetCompressors = Readonly<
  Record<string, (bytes: Uint8Array, outputLength: number) => Uint8Array>
>;

/** The subset of the metadata of a file that the reader needs. */
export interface ParquetMetadata {
  /** The schema elements: the root and its descendants, each followed by its children. */
  readonly schema: readonly { readonly name: string; readonly num_children?: number }[];
  /** The row groups, in their order. */
  readonly row_groups: readonly {
    readonly num_rows: bigint;
    readonly columns: readonly {
      readonly meta_data?: {
        readonly codec: string;
        readonly path_in_schema: readonly string[];
        readonly data_page_offset: bigint;
      };
    }[];
  }[];
}

/** A file whose columns are read on request. */
export interface ParquetScan {
  /** The rows of each row group. */
  readonly ranges: readonly { readonly rowStart: number; readonly rowEnd: number }[];
  /** Reads the values of one column. */
  readColumn(options: { column: string; rowStart: number; rowEnd: number }): Promise<
    ArrayLike<unknown>
  >;
}

/** The subset of the module `hyparquet` that the reader needs. */
export interface Hyparquet {
  /** Reads the metadata at the end of a file. */
  parquetMetadataAsync(file: RandomAccess): Promise<ParquetMetadata>;
  /** Opens a file to read its columns; the option names are those of hyparquet. */
  parquetScan(options: never): Promise<ParquetScan>;
}

/** Rule of the module, recognised by its functions: it is not imported. */
export const hyparquetRule: Rule = {
  expected: "the module hyparquet, of 'import * as hyparquet'",
  test: (value) => {
    const { parquetMetadataAsync, parquetScan } = Object(value) as Partial<Hyparquet>;
    return typeof parquetMetadataAsync === "function" && typeof parquetScan === "function";
  },
};
