import { FencedError } from "../errors.ts";
import { type Checkpoint, type DoneRange, rangesOf } from "./checkpoint.ts";

/** What a load completes, and which run it belongs to: what a sink writes beside the rows. */
export interface Mark {
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run, which has to own the key. */
  readonly runId: string;
  /** What of the source the load completes. */
  readonly ranges: readonly DoneRange[];
}

/** What the load of a sink has to know of its batch: part of what every `load` is told. */
export interface SinkLoadContext {
  /** The run. */
  readonly runId: string;
  /** The batch. */
  readonly batch: {
    /** Which attempt it is; the first is 1. */
    readonly attempt: number;
    /** The key of the checkpoint, where the run has checkpoints. */
    readonly key?: string | undefined;
    /** What of the source the load completes, where the run has checkpoints. */
    readonly ranges?: readonly DoneRange[] | undefined;
  };
}

/**
 * Checks that no other run has finished a part of what one has loaded.
 * @throws {FencedError} If one has: no run begins what is finished, so the other has come meanwhile.
 */
export function checkUnfinished({ key, runId, ranges }: Mark, checkpoint: Checkpoint): void {
  if (checkpoint.runId === runId) return; // It may have given up on some of the items.
  const done = rangesOf(checkpoint);
  const isFinished = ([from, to]: DoneRange) =>
    from < to && done.some(([start, end]) => from < end && start < to);
  if (ranges.some(isFinished)) throw new FencedError(key, checkpoint.runId);
}
