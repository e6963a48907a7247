import { appendingSink } from "../../bytes/file/sink.ts";
import { fail, nonEmptyString } from "../../options.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import type { LoadContext, PipelineContext } from "../../pipeline/pipeline.ts";
import { checkSinkOptions, type FileSinkOptions } from "./sink-options.ts";

/** The `load` of a sink. It accepts the rows that the format accepts. */
export interface FileLoad<T> {
  /** Appends the rows to the file, and marks the items they complete. */
  (rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks the load commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Items in a batch, unless the run options set it: 1000, or the number that the format recommends. */
  readonly batchSize: number;
}

/** Receives the rows to write once the wrapped function has returned. Call it at most once. */
export type FileStage<T> = (rows: readonly T[], context?: SinkLoadContext) => Promise<void>;

/** A file as the target of a pipeline. */
export interface FileSink<T> {
  /** The `load` of the pipeline. */
  readonly load: FileLoad<T>;
  /**
   * Wraps a function as the `load` of the pipeline. The rows that it passes to its third argument are
   * written and marked once it has returned. If it fails, nothing is written.
   */
  wrap<I>(
    fn: (rows: I[], context: LoadContext, load: FileStage<T>) => unknown,
  ): FileLoad<I>;
  /** The `checkpoints` of the run: `load` commits them together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /**
   * The `postProcess` of the pipeline, for readers that expect a file even from a run without rows. If
   * there are no rows, it writes the beginning and the end of the file.
   */
  writeEmpty(context: Pick<PipelineContext, "runId" | "signal">): Promise<void>;
}

const action = "construct fileSink";

/**
 * Writes rows into one file, on Node, Deno and Bun. If the run has `checkpoints: sink.checkpoints`, each
 * batch and the mark of its items are one step: after a crash or a power cut at any instant, the next run
 * leaves every row in the file exactly once. Without them, each run appends to the rows of earlier runs.
 *
 * The file is complete after every batch: the next batch overwrites the end of a JSON array. Rows are in
 * the order in which their batches were loaded; with one worker that is the order of the source. Several
 * processes may write batches into one file. The marks are in `${path}.mark.json`, which also identifies
 * the file as written by a sink; move both files together. A run without rows creates no file, unless
 * `writeEmpty` is its `postProcess`.
 *
 * @throws {ConfigurationError} If an argument breaks its rule. A load rejects with it if the file was not
 *   written by a sink (unless `exists` allows it), and with another error if the file is shorter than its
 *   mark records.
 *
 * @example A second run finds all rows there
 * ```ts
 * import { etl } from "millrace";
 * import { fileSink } from "millrace/file";
 * import { encodeNdjson } from "millrace/ndjson";
 * import { equal } from "node:assert/strict";
 * import { mkdtempSync, readFileSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * const path = `${mkdtempSync(`${tmpdir()}/sink-`)}/users.ndjson`;
 * const sink = fileSink(path, { format: encodeNdjson() });
 * const extract = () => [{ id: 1 }, { id: 2 }];
 * const users = etl({ name: "users", extract, load: sink.load }, { checkpoints: sink.checkpoints });
 * equal((await users.run()).guarantee, "effectively-once");
 * equal((await users.run()).loaded, 0);
 * equal(readFileSync(path, "utf8"), '{"id":1}\n{"id":2}\n');
 * ```
 */
export function fileSink<T>(path: string, options: FileSinkOptions<T>): FileSink<T> {
  if (!nonEmptyString.test(path)) fail(action, "path", nonEmptyString.expected, path);
  return appendingSink(path, checkSinkOptions(action, options)) as unknown as FileSink<T>;
}
