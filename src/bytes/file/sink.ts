import type { CheckpointStore } from "../../checkpoints/checkpoint.ts";
import { markOf } from "../../checkpoints/commit-mark.ts";
import { isRunOn } from "../../checkpoints/load-call.ts";
import {
  asyncLoad,
  type AsyncSinkLoad,
  type CheckRows,
  type SinkLoad,
  sinkLoads,
  type Wrapped,
} from "../../checkpoints/sink-loads.ts";
import { takeTurns } from "../../runtime/take-turns.ts";
import { AppendedFile, type AppendedFileOptions } from "./appended-file.ts";
import { type Append, FileSinkCheckpoints } from "./checkpoints.ts";

/** A file as the target of a pipeline. The sink made from it decides the type of its rows. */
export interface AppendingSink {
  readonly load: AsyncSinkLoad;
  readonly wrap: (fn: Wrapped) => AsyncSinkLoad;
  readonly checkpoints: Required<CheckpointStore>;
  writeEmpty(context: {
    readonly runId: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void>;
}

/** Makes a sink that appends each batch to one file, in one step with the mark of its items. */
export function appendingSink<T>(path: string, options: AppendedFileOptions<T>): AppendingSink {
  const { format, exists } = options;
  const checkpoints = new FileSinkCheckpoints(path);
  const file = new AppendedFile(path, options);
  let lastRun: string | undefined;
  const check: CheckRows = async (rows, context, isMarked) => {
    const { runId, signal, batch: { key } } = context;
    const mark = key === undefined ? undefined : markOf(key, context, isMarked);
    const isDone = mark !== undefined && await checkpoints.has(mark);
    const append = rows.length === 0
      ? undefined
      : isDone
      ? done
      : await file.encode(rows as unknown as readonly T[]);
    return () =>
      takeTurns(checkpoints, async () => {
        if (mark !== undefined) return await checkpoints.commit(mark, append);
        const isAnew = exists === "replace" && lastRun !== runId;
        if (append !== undefined) await checkpoints.append(append, isAnew);
        lastRun = runId;
      }, signal);
  };
  const { load, wrap } = sinkLoads(checkpoints, check);
  const declared = (load: SinkLoad) => asyncLoad(checkpoints, load, format.batchSize);
  return {
    load: declared(load),
    wrap: (fn) => declared(wrap(fn)),
    checkpoints,
    async writeEmpty({ runId, signal }) {
      const isAnew = exists === "replace" && lastRun !== runId && !isRunOn(checkpoints, runId);
      const append = await file.encodeEmpty();
      await takeTurns(checkpoints, () => checkpoints.appendNone(append, isAnew), signal);
    },
  };
}

/** A batch that is already in the file, unless its mark was taken back since that was read. */
const done: Append = {
  head: "",
  checkNew: () => {},
  write: () => {
    throw new Error("Cannot write to a file: the mark of a batch was taken back meanwhile");
  },
  flush: () => Promise.resolve(),
};
