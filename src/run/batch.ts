import type { DoneRange } from "../checkpoints/checkpoint.ts";
import type { BatchInfo } from "../pipeline/pipeline.ts";

/** A batch on its way from the bucket to its load. */
export interface Batch<E, T> {
  /** The items as the source gave them. */
  readonly items: readonly E[];
  /** Which batch it is. */
  readonly info: BatchInfo;
  /** The places of the items in the source, where they are looked after. */
  readonly ranges: readonly DoneRange[];
  /** The position of each item, once one of them was asked for. */
  positions: readonly unknown[] | undefined;
  /** What is to be loaded. */
  rows: readonly T[];
  /** What the transform gave for each item, `skip` included; `undefined` where there is none. */
  results: readonly unknown[] | undefined;
  /** Whether it is known which item each row comes from. */
  isDivisible: boolean;
  /** Items that were given up on before the load, by their index. */
  readonly givenUp: number[];
  /** Calls that were made again for it. */
  retries: number;
  /** Its items that were given up on. */
  deadLettered: number;
  /** Its items that wait before another attempt. */
  backingOff: number;
  /** What ends that the batch counts as one that waits. */
  resume: (() => void) | undefined;
  /** Rows that its load was given, which may change them. */
  rowCount: number;
  /** What loads it, from its load on. */
  load: Loading<E, T> | undefined;
  /** When it was taken from the bucket. */
  readonly batchedAt: number;
  /** When its transform was done; `-1` before. */
  transformedAt: number;
  /** When its load began; `-1` before. */
  loadStartedAt: number;
}

/**
 * How a batch is loaded, call by call, and counted. Only `run` may call the user's functions: between
 * two calls none is known to be at work.
 */
export interface Loading<E, T> {
  /** Makes the next call. It gives no promise where nothing has to be waited for. */
  run(batch: Batch<E, T>): unknown;
  /** Takes that a call has ended well; tells whether `run` is to be called again. */
  succeeded(batch: Batch<E, T>): boolean;
  /** Takes that a call has failed; tells whether `run` is to be called again. */
  failed(batch: Batch<E, T>, error: unknown): boolean;
}

/** A batch that was taken from the bucket at this time. */
export function batchOf<E, T>(
  items: readonly E[],
  info: BatchInfo,
  ranges: readonly DoneRange[],
  batchedAt: number,
): Batch<E, T> {
  const rows = items as readonly unknown[] as readonly T[]; // Without a transform, T is E.
  return {
    items,
    info,
    ranges,
    positions: undefined,
    rows,
    results: undefined,
    isDivisible: true,
    givenUp: [],
    retries: 0,
    deadLettered: 0,
    backingOff: 0,
    resume: undefined,
    rowCount: 0,
    load: undefined,
    batchedAt,
    transformedAt: -1,
    loadStartedAt: -1,
  };
}
