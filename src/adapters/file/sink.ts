import { appendingSink } from "../../bytes/file/sink.ts";
import { fail, nonEmptyString } from "../../options.ts";
import type { CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { SinkLoadContext } from "../../checkpoints/load-context.ts";
import type { LoadContext, PipelineContext } from "../../pipeline/pipeline.ts";
import { checkSinkOptions, type FileSinkOptions } from "./sink-options.ts";

/** The `load` of a sink, which takes the rows that its format takes. */
export interface FileLoad<T> {
  /** Appends the rows to the file, and marks what they complete. */
  (rows: readonly T[], context: SinkLoadContext): Promise<void>;
  /** The store whose marks it commits. */
  readonly [commitsTo]: CheckpointStore;
  /** Items in a batch of a run whose options say no other number: 1000, or what the format is best in. */
  readonly batchSize: number;
}

/** Takes the rows that are to be written once the function around it has returned; called once. */
export type FileStage<T> = (rows: readonly T[], context?: SinkLoadContext) => Promise<void>;

/** A file as the end of a pipeline. */
export interface FileSink<T> {
  /** The `load` of the pipeline. */
  readonly load: FileLoad<T>;
  /**
   * Makes the `load` of the pipeline of a function: what it gives to its third argument is written, and
   * marked, once it has returned; if it fails, nothing is.
   */
  wrap<I>(
    fn: (rows: I[], context: LoadContext, load: FileStage<T>) => unknown,
  ): FileLoad<I>;
  /** The `checkpoints` of the run: what `load` commits together with its rows. */
  readonly checkpoints: Required<CheckpointStore>;
  /**
   * The `postProcess` of the pipeline, for readers that expect a file even from a run without rows:
   * if the file has none, its beginning and its end are written.
   */
  writeEmpty(context: Pick<PipelineContext, "runId" | "signal">): Promise<void>;
}

const action = "construct fileSink";

/**
 * Writes rows into one file, on Node, Deno and Bun. Where the run has `checkpoints: sink.checkpoints`,
 * each batch and the mark of what it completes are one step: after a crash or a power cut at any
 * instant, the next run leaves every row in the file exactly once. Without, each run appends to what
 * earlier ones have written.
 *
 * The file is whole after every batch: the end of a JSON array is written over by the next one. Rows
 * stand in the order in which their batches were loaded, which with one worker is that of the source.
 * Batches of several processes may go into one file. The marks are in `${path}.mark.json`, and with
 * them a file is known as one of a sink; whoever moves one moves both. A run without rows makes no
 * file, unless `writeEmpty` is its `postProcess`.
 *
 * @throws {ConfigurationError} If an argument breaks its rule. A load rejects with it if there is a file
 * that no sink has written (unless `exists` says otherwise), and with another error if the file is
 * shorter than its mark tells.
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
