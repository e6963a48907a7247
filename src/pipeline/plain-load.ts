import { isOf, SplitError } from "../errors.ts";
import { BatchLoad, type unfinished } from "./batch-load.ts";
import { loadContextOf } from "./pipeline.ts";
import type { Batch, Station } from "./station.ts";

/** Loads a batch of a run that does nothing about failures. */
export function loadPlainly<E, T>(station: Station<E, T>, { rows, info }: Batch<E, T>): unknown {
  const { pipeline, context } = station;
  const { sequence, offset, size, attempt } = info; // It may change what it is told.
  return pipeline.load(rows as T[], loadContextOf(context, { sequence, offset, size, attempt }));
}

/** Counts a batch whose load of so many rows has succeeded. */
export function countPlainly<E, T>(
  { counts, isOver }: Station<E, T>,
  { info: { size } }: Batch<E, T>,
  rows: number,
): void {
  if (isOver) return; // What ends after the run has told its counts is pending for ever.
  const loaded = Math.min(rows, size);
  counts.batches++;
  counts.loaded += loaded;
  counts.skipped += size - loaded;
}

/**
 * Goes on where the load of so many rows has failed, in halves, if they were too many for one load;
 * gives `undefined` if that would not help.
 */
export function splitPlainly<E, T>(
  station: Station<E, T>,
  batch: Batch<E, T>,
  length: number,
  error: unknown,
): (() => Promise<typeof unfinished | undefined>) | undefined {
  const { rows, info: { offset, size } } = batch;
  // What a load has taken out of the array is not there to be halved, nor is what it has put in.
  if (!isOf(error, SplitError) || length < 2 || rows.length !== length) return undefined;
  const ranges = [[offset, offset + size] as const];
  return () => new BatchLoad(station, { ...batch, ranges }).recover(error);
}
