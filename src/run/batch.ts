import type { DoneRange } from "../checkpoints/checkpoint.ts";
import type { BatchInfo } from "../pipeline/pipeline.ts";
import { noRows, type Rows } from "./rows.ts";

/** A batch on its way from the bucket to its load. */
export interface Batch<E, T> extends Timestamps {
  /** The items as the source gave them. */
  readonly items: readonly E[];
  /** Which batch it is. */
  readonly info: BatchInfo;
  /** The offsets of the items in the source, where they are looked after. */
  ranges: readonly DoneRange[];
  /** The position of each item, once one of them was asked for. */
  positions: readonly unknown[] | undefined;
  /** Rows to load: none until it is transformed; the items where there is no transform. */
  rows: Rows<T>;
  /** Which of the items their source could not read, by their index. */
  readonly malformed: ReadonlySet<number> | undefined;
  /** Items that were given up on before the load, by their index. */
  givenUp: number[] | undefined;
  /** Items that were given back to their source, by their index. */
  returned: number[] | undefined;
  /** Its progress, once there is something to count: see `progressOf`. */
  progress: BatchProgress | undefined;
  /** The load in progress, if it has begun. */
  load: LoadSteps<E, T> | undefined;
}

/**
 * When a batch went from one stage to the next, by the clock that durations are measured with. Fields
 * of the batch itself, as a separate object slows batches of one item by 3 %.
 */
export interface Timestamps {
  /** It was taken from the bucket. */
  readonly batchedAt: number;
  /** Its transform was done; `-1` before. */
  transformedAt: number;
  /** Its load began; `-1` before. */
  loadStartedAt: number;
}

/** Progress of a batch. */
export interface BatchProgress {
  /** Its items that were loaded: counted by its load, as the next one. */
  loaded: number;
  /** Its items that the transform left out, once they are finished. */
  skipped: number;
  /** Its items that were given up on. */
  deadLettered: number;
  /** Calls that were made again for it: counted by the run, as are the next two. */
  retries: number;
  /** Its calls that wait before another attempt. */
  backingOff: number;
  /** Ends that the batch counts as one that waits. */
  resume: (() => void) | undefined;
}

/** Step after a call for a batch has settled: `"pending"` if no further one may begin. */
export type NextStep = "again" | "done" | "pending" | "failed";

/**
 * Loads a batch call by call, and counts it. Only `run` may call the user's functions: between
 * two calls none is known to be at work. It is a coroutine by hand, whose calls are waited for by
 * whoever calls `run`, as an async function would make a promise more for each batch.
 */
export interface LoadSteps<E, T> {
  /** Makes the next call. It gives no promise where nothing has to be waited for. */
  run(batch: Batch<E, T>): unknown;
  /** Takes that a call has ended well; `"again"` asks for another `run`. */
  onSuccess(batch: Batch<E, T>): NextStep;
  /** Takes that a call has failed; `"again"` asks for another `run`. */
  onFailure(batch: Batch<E, T>, error: unknown): NextStep;
}

/** A batch that was taken from the bucket at this time. */
export function batchOf<E, T>(
  items: readonly E[],
  info: BatchInfo,
  ranges: readonly DoneRange[],
  batchedAt: number,
  malformed?: ReadonlySet<number>,
): Batch<E, T> {
  return {
    items,
    info,
    ranges,
    positions: undefined,
    rows: noRows,
    malformed,
    givenUp: undefined,
    returned: undefined,
    batchedAt,
    transformedAt: -1,
    loadStartedAt: -1,
    progress: undefined,
    load: undefined,
  };
}

/** Returns the progress of a batch. On the fast path there is none, unless the run is observed. */
export function progressOf<E, T>(batch: Batch<E, T>): BatchProgress {
  return batch.progress ??= {
    loaded: 0,
    skipped: 0,
    deadLettered: 0,
    retries: 0,
    backingOff: 0,
    resume: undefined,
  };
}
