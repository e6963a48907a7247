import { isOf, SplitError } from "../errors.ts";
import { isThenable } from "../thenable.ts";
import { BatchLoad, type unfinished } from "./batch-load.ts";
import { loadContextOf } from "./pipeline.ts";
import type { Batch, Station } from "./station.ts";

/** What a load gives that has kept the counts itself. */
export const counted: unique symbol = Symbol("counted");

/** Loads a batch of a run that does nothing about failures, unless it is too large for one load. */
export function loadPlainly<E, T>(station: Station<E, T>, batch: Batch<E, T>): unknown {
  const { pipeline, context } = station;
  const { rows, info } = batch;
  const { length } = rows;
  const onError = (error: unknown) => {
    // The array is the batch's own: what a load has taken out of it is not there to be halved.
    if (!isOf(error, SplitError) || length < 2 || rows.length < length) throw error;
    return split(station, batch, error);
  };
  try {
    const result = pipeline.load(rows as T[], loadContextOf(context, info));
    return isThenable(result) ? Promise.resolve(result).catch(onError) : result;
  } catch (error) {
    return onError(error);
  }
}

async function split<E, T>(
  station: Station<E, T>,
  batch: Batch<E, T>,
  error: unknown,
): Promise<typeof counted | typeof unfinished> {
  const { offset, size } = batch.info;
  const ranges = [[offset, offset + size] as const];
  return await new BatchLoad(station, { ...batch, ranges }).recover(error) ?? counted;
}
