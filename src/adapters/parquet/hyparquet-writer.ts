import type { Rule } from "../../plain-options.ts";

/** Facts about a written column of a row group. */
export interface WrittenColumn {
  /** Place and kind of its pages. */
  readonly meta_data?: {
    readonly encodings: readonly string[];
    readonly total_uncompressed_size: bigint;
    readonly total_compressed_size: bigint;
    readonly data_page_offset: bigint;
    readonly dictionary_page_offset?: bigint | undefined;
    readonly statistics?: {
      readonly min_value?: unknown;
      readonly max_value?: unknown;
      readonly null_count?: bigint;
    };
  };
}

/** The subset of a file writer that the encoder needs: a `ParquetWriter` of hyparquet-writer. */
export interface ParquetFileWriter {
  /** The row groups that were written. */
  row_groups: readonly { readonly columns: readonly WrittenColumn[] }[];
  /** Number of their rows. */
  num_rows: bigint;
  /** Writes a row group. */
  write(options: never): unknown;
  /** Writes the end of the file. */
  finish(): unknown;
}

/** The subset of the module `hyparquet-writer` that the encoder needs. */
export interface HyparquetWriter {
  /** Collects bytes. */
  ByteWriter: new () => {
    /** Returns the collected bytes. */
    getBytes(): Uint8Array;
  };
  /** Writes a file into a `ByteWriter`; the option names are those of hyparquet-writer. */
  ParquetWriter: new (options: never) => ParquetFileWriter;
}

/** Rule of the module, recognised by its members: it is not imported. */
export const writerRule: Rule = {
  expected: "the module hyparquet-writer, of 'import * as hyparquetWriter'",
  test: (value) => {
    const { ByteWriter, ParquetWriter } = Object(value) as Partial<HyparquetWriter>;
    return typeof ByteWriter === "function" && typeof ParquetWriter === "function";
  },
};
