import { appendingSink } from "../../bytes/file/sink.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import { checkOptions, fail, nonEmptyString, oneOf } from "../../options.ts";
import type { LoadContext, PipelineContext } from "../../pipeline/pipeline.ts";
import type { ParquetColumns, ParquetRow } from "./columns.ts";
import { encodeParquet, type EncodeParquetOptions, optionTable } from "./encode-parquet.ts";

/** Options of `parquetSink`. */
export interface ParquetSinkOptions<C extends ParquetColumns = ParquetColumns>
  extends EncodeParquetOptions {
  /**
   * The types of the columns by name, in their order, which decide what rows are allowed. Other
   * properties are left out. By default the first rows decide, and a row with other properties is an
   * error.
   */
  readonly columns?: C | undefined;
  /**
   * Handling of an existing file that no earlier run of this sink has written, or whose checkpoint was
   * removed since: `"error"` fails the run, `"replace"` overwrites the file. With `"replace"`, a run
   * without `checkpoints` also replaces a file that an earlier run of this sink has written.
   *
   * @default {"error"}
   */
  readonly exists?: "error" | "replace" | undefined;
}

/** The `load` of a sink. It accepts the rows that fit its columns. */
export interface ParquetLoad<Row extends object = object> {
  /** Appends the rows as a row group, and marks the items they complete. */
  <T extends FittingParquetRow<T, Row>>(
    rows: readonly T[],
    context: SinkLoadContext,
  ): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Number of items in a batch, unless the run options set it: `rowGroupSize`. */
  readonly batchSize: number;
}

/** A `load` that wraps a function. Its rows may differ from those that are written. */
export interface ParquetWrappedLoad<T> {
  /** Calls the function; appends the rows it passes on, and marks the items they complete. */
  (rows: T[], context: LoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Number of items in a batch, unless the run options set it: `rowGroupSize`. */
  readonly batchSize: number;
}

/** Receives the rows to write once the wrapped function has returned. Call it at most once. */
export type ParquetStage<Row extends object = object> = <T extends FittingParquetRow<T, Row>>(
  rows: readonly T[],
  context?: SinkLoadContext,
) => Promise<void>;

/** A row. If only the type of its values is known, the run checks its properties. */
export type FittingParquetRow<T, Row> = string extends keyof T ? object : Row;

/** A Parquet file as the target of a pipeline. */
export interface ParquetSink<Row extends object = object> {
  /** The `load` of the pipeline. */
  readonly load: ParquetLoad<Row>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * written and marked once it has returned. If it fails, nothing is written.
   */
  wrap<T>(
    fn: (rows: T[], context: LoadContext, load: ParquetStage<Row>) => unknown,
  ): ParquetWrappedLoad<T>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /**
   * The `postProcess` of the pipeline, for readers that expect a file even from a run without rows. Needs
   * `columns`.
   */
  writeEmpty(context: Pick<PipelineContext, "runId" | "signal">): Promise<void>;
}

const action = "construct parquetSink";

/**
 * Writes rows into one Parquet file, on Node, Deno and Bun. Each batch is a row group, and one of them is
 * in memory at a time. If the run has `checkpoints: sink.checkpoints`, each batch and the mark of its
 * items are one step: after a crash or a power cut at any moment, the next run leaves every row in the
 * file exactly once. Without them, each run appends to the rows of earlier runs, unless `exists` says
 * otherwise.
 *
 * The file is complete after every batch: the next batch overwrites its end. The marks, and the facts for
 * the end of the file, are in `${path}.mark.json`; move both files together. A `BatchError` names rows
 * that do not fit their columns. In a run with dead letters, these become dead letters, and the others
 * are written.
 *
 * For many files, and for stores such as R2 and S3, give `encodeParquet(…)` to an `objectSink`.
 *
 * @throws {ConfigurationError} If an argument breaks its rule. A load rejects with it if the file was not
 *   written by a sink (unless `exists` allows it), or the columns differ from those of the file. It
 *   rejects with another error if the file is shorter than its mark records.
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
