import { appendingSink } from "../../bytes/file/sink.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { checkOptions, fail, nonEmptyString, oneOf } from "../../options.ts";
import type { LoadContext, PipelineContext } from "../../pipeline/pipeline.ts";
import type { ParquetColumns, ParquetRow } from "./columns.ts";
import { encodeParquet, type EncodeParquetOptions, optionTable } from "./encode-parquet.ts";

/** Options of a Parquet file as a sink. */
export interface ParquetSinkOptions<C extends ParquetColumns = ParquetColumns>
  extends EncodeParquetOptions {
  /**
   * The types of the columns by name, in their order, which tell what rows may be. Other properties are
   * left out. Without it the first rows tell, and a row with other properties is an error.
   */
  readonly columns?: C | undefined;
  /**
   * Rule for an existing file that no earlier run of this sink has written, or whose checkpoint was
   * removed since: `"error"` fails the run, `"replace"` writes it again. A run without
   * `checkpoints` then also replaces a file that an earlier run of this sink has written.
   *
   * @default {"error"}
   */
  readonly exists?: "error" | "replace" | undefined;
}

/** The `load` of a sink, which takes the rows that fit its columns. */
export interface ParquetLoad<Row extends object = object> {
  /** Appends the rows as a row group, and marks what they complete. */
  <T extends FittingParquetRow<T, Row>>(
    rows: readonly T[],
    context: SinkLoadContext,
  ): Promise<void>;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Items in a batch of a run whose options say no other number: `rowGroupSize`. */
  readonly batchSize: number;
}

/** A `load` made of a function of the user's, whose rows may be others than those that are written. */
export interface ParquetWrappedLoad<T> {
  /** Calls the function; appends the rows that it gave, and marks what they complete. */
  (rows: T[], context: LoadContext): Promise<void>;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Items in a batch of a run whose options say no other number: `rowGroupSize`. */
  readonly batchSize: number;
}

/** Takes the rows that are to be written once the function around it has returned; called once. */
export type ParquetStage<Row extends object = object> = <T extends FittingParquetRow<T, Row>>(
  rows: readonly T[],
  context?: SinkLoadContext,
) => Promise<void>;

/** A row; also one of which only the type of the values is known: the run looks at what it has. */
export type FittingParquetRow<T, Row> = string extends keyof T ? object : Row;

/** A Parquet file as the end of a pipeline. */
export interface ParquetSink<Row extends object = object> {
  /** The `load` of the pipeline. */
  readonly load: ParquetLoad<Row>;
  /**
   * Makes the `load` of the pipeline of a function: what it gives to its third argument is written, and
   * marked, once it has returned; if it fails, nothing is.
   */
  wrap<T>(
    fn: (rows: T[], context: LoadContext, load: ParquetStage<Row>) => unknown,
  ): ParquetWrappedLoad<T>;
  /** The `checkpoints` of the run: what `load` commits together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /**
   * The `postProcess` of the pipeline, for those who expect a file also of a run without rows; it needs
   * `columns`.
   */
  writeEmpty(context: Pick<PipelineContext, "runId" | "signal">): Promise<void>;
}

const action = "construct parquetSink";

/**
 * Writes rows into one Parquet file, on Node, Deno and Bun: each batch is a row group, and one of them is
 * in memory at a time. Where the run has `checkpoints: sink.checkpoints`, each batch and the mark of
 * what it completes are one step: after a crash or a power cut at any moment, the next run leaves every
 * row in the file exactly once. Without, each run appends to what earlier ones have written, unless
 * `exists` says otherwise.
 *
 * The file is whole after every batch: its end is written over by the next one. The marks, and what the
 * end of the file has to tell, are in `${path}.mark.json`; whoever moves one moves both. A row that does
 * not fit its columns is named by a `BatchError`: in a run with dead letters it is one of them, and the
 * others are written.
 *
 * For many files, and for stores such as R2 and S3, give `encodeParquet(…)` to an `objectSink`.
 *
 * @throws {ConfigurationError} If an argument breaks its rule. A load rejects with it if there is a file
 * that no sink has written (unless `exists` says otherwise), or if the columns are not those of the file;
 * and with another error if the file is shorter than its mark tells.
 *
 * @example A second run finds all rows there
 * ```ts
 * import * as hyparquet from "hyparquet";
 * import * as hyparquetWriter from "hyparquet-writer";
 * import { batched, etl } from "millrace";
 * import { openFiles } from "millrace/file";
 * import { parquetSink, readParquet } from "millrace/parquet";
 * import { deepEqual, equal } from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/parquet-`)}/users.parquet`;
 * const sink = parquetSink(path, { hyparquetWriter, columns: { id: "INT64", name: "STRING" } });
 * const extract = () => [{ id: 1, name: "Ada" }, { id: 2, name: null }];
 * const users = etl({ name: "users", extract, load: sink.load }, { checkpoints: sink.checkpoints });
 * equal((await users.run()).guarantee, "effectively-once");
 * equal((await users.run()).loaded, 0);
 *
 * const rows = batched(readParquet(openFiles(path), { hyparquet }), { batchSize: 10 });
 * deepEqual(await Array.fromAsync(rows), [[{ id: 1n, name: "Ada" }, { id: 2n, name: null }]]);
 * ```
 */
export function parquetSink<const C extends ParquetColumns>(
  path: string,
  options: ParquetSinkOptions<C>,
): ParquetSink<ParquetRow<C>> {
  if (!nonEmptyString.test(path)) {
    const rule = "the path of a file (for a store, give encodeParquet(…) to objectSink)";
    fail(action, "path", rule, path);
  }
  const { exists, ...encoding } = checkOptions<ParquetSinkOptions, "columns" | "compressors">(
    action,
    options,
    { ...optionTable, exists: [oneOf("error", "replace"), "error"] },
  );
  const sink = appendingSink(path, { format: encodeParquet(encoding), compress: "none", exists });
  return sink as unknown as ParquetSink<ParquetRow<C>>;
}
