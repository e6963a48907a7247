import type { RowEncoder, RowFormat } from "../../bytes/row-encoder.ts";
import {
  anyObject,
  checkOptions,
  fail,
  oneOf,
  type OptionTable,
  positiveInteger,
} from "../../plain-options.ts";
import {
  type Column,
  columnsOf,
  columnsOfRows,
  columnsRule,
  type ParquetColumns,
  valuesOf,
} from "./columns.ts";
import { groupStreams } from "./group-streams.ts";
import { type HyparquetWriter, writerRule } from "./hyparquet-writer.ts";
import { magic, writeEnd, writeGroup } from "./row-group.ts";

/** Options of `encodeParquet`. */
export interface EncodeParquetOptions {
  /** The module: `import * as hyparquetWriter from "hyparquet-writer"`. */
  readonly hyparquetWriter: HyparquetWriter;
  /**
   * The types of the columns by name, in their order. Other properties are left out, and a missing one is
   * null. By default the first rows decide, and a row with other properties is an error.
   */
  readonly columns?: ParquetColumns | undefined;
  /** Codec of the pages. Any codec other than Snappy needs `compressors`. @default {"SNAPPY"} */
  readonly codec?: "SNAPPY" | "UNCOMPRESSED" | "GZIP" | "ZSTD" | "BROTLI" | "LZ4_RAW" | undefined;
  /** Functions that compress pages, by codec. */
  readonly compressors?: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> | undefined;
  /**
   * Number of rows in a row group of the streams, and in a batch of a sink unless the run options set it:
   * each batch is a row group. Small row groups make files large and slow to read.
   * @default {20_000}
   */
  readonly rowGroupSize?: number | undefined;
}

const action = "encode Parquet";

/** The rules of the options. */
export const optionTable: OptionTable<EncodeParquetOptions> = {
  hyparquetWriter: [writerRule],
  columns: [columnsRule],
  codec: [oneOf("SNAPPY", "UNCOMPRESSED", "GZIP", "ZSTD", "BROTLI", "LZ4_RAW"), "SNAPPY"],
  compressors: [anyObject],
  rowGroupSize: [positiveInteger, 20_000],
};

/**
 * Encodes rows as Parquet. The result is a pair of streams for `pipeThrough`, and also the format of a
 * sink for files. One row group is in memory at a time, whatever the size of the file.
 *
 * In a `fileSink` each batch is a row group, and the file is complete after it: the next batch overwrites
 * the end of the file. The marks record all row groups, so a run can continue the file after a crash.
 *
 * `null`, `undefined` and a missing property are null. A `BatchError` names rows that do not fit their
 * columns, and no row of their call is written.
 *
 * @throws {ConfigurationError} If an option breaks its rule. Encoding fails with it if neither `columns`
 *   nor the first rows determine the type of a column, or the columns differ from those of the file.
 *
 * @example A table into a file, exactly once
 * ```ts
 * import * as hyparquet from "hyparquet";
 * import * as hyparquetWriter from "hyparquet-writer";
 * import { batched, etl } from "millrace";
 * import { fileSink, openFiles } from "millrace/file";
 * import { encodeParquet, readParquet } from "millrace/parquet";
 * import { deepEqual, equal } from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/parquet-`)}/users.parquet`;
 * const format = encodeParquet({ hyparquetWriter, columns: { id: "INT64", name: "STRING" } });
 * const sink = fileSink(path, { format });
 * const extract = () => [{ id: 1, name: "Ada" }, { id: 2, name: null }];
 * const users = etl({ name: "users", extract, load: sink.load }, { checkpoints: sink.checkpoints });
 * equal((await users.run()).guarantee, "effectively-once");
 *
 * const rows = batched(readParquet(openFiles(path), { hyparquet }), { batchSize: 10 });
 * deepEqual(await Array.fromAsync(rows), [[{ id: 1n, name: "Ada" }, { id: 2n, name: null }]]);
 * ```
 */
export function encodeParquet<T extends object = Record<string, unknown>>(
  options: EncodeParquetOptions,
): RowEncoder<T> {
  const settings = checkOptions<EncodeParquetOptions, "columns" | "compressors">(
    action,
    options,
    optionTable,
  );
  checkWriter(settings);
  const isOpen = settings.columns !== undefined;
  let columns = settings.columns && columnsOf(settings.columns);
  // What the first rows tell holds from then on, so that all row groups of a file are alike.
  const told = (rows: readonly T[]): readonly Column[] => {
    const found = columns ?? columnsOfRows(action, rows);
    if (found.length === 0) fail(action, "columns", "given, as no row has any", undefined);
    return columns = found;
  };
  const values = (rows: readonly T[]) => valuesOf(rows, told(rows), isOpen);
  const group = (values: readonly unknown[][]) => writeGroup(told([]), values, settings);
  const indexed: RowFormat<T>["indexed"] & object = {
    body: (rows) =>
      rows.length === 0 ? { bytes: new Uint8Array(0), about: null } : group(values(rows)),
    tail: (bodies) => writeEnd(action, told([]), bodies, settings),
  };
  const { readable, writable } = groupStreams<T>({
    values,
    group,
    tail: indexed.tail,
    size: settings.rowGroupSize,
  });
  return {
    head: () => magic,
    body: (rows) => indexed.body(rows).bytes,
    separator: "",
    tail() {
      throw new TypeError(
        "Cannot end a Parquet file by 'tail': 'indexed.tail' is told of its rows",
      );
    },
    extension: "parquet",
    contentType: "application/vnd.apache.parquet",
    batchSize: settings.rowGroupSize,
    indexed,
    readable,
    writable,
  };
}

function checkWriter({ hyparquetWriter, codec, compressors }: EncodeParquetOptions): void {
  if (hyparquetWriter === undefined) {
    fail(action, "hyparquetWriter", writerRule.expected, undefined);
  }
  if (codec === "SNAPPY" || codec === "UNCOMPRESSED" || codec === undefined) return;
  if (typeof compressors?.[codec] !== "function") {
    fail(action, "compressors", `functions, of which one is for ${codec}`, compressors?.[codec]);
  }
}
