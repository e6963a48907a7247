import { isOf, SplitError } from "../errors.ts";
import { BatchLoad } from "./batch-load.ts";
import { loadContextOf } from "./pipeline.ts";
import type { Batch, Station } from "./station.ts";

/** Loads the batches of a run that does nothing about failures but to halve what was too much. */
export class PlainLoad<E, T> {
  readonly #station: Station<E, T>;

  /** Makes the load of a run; nothing begins before `run`. */
  constructor(station: Station<E, T>) {
    this.#station = station;
  }

  /** Loads a batch, at once where nothing has to be waited for; in halves once it `mayHalve`. */
  run(batch: Batch<E, T>): unknown {
    const { rows, info: { sequence, offset, size, attempt }, failure } = batch;
    const { pipeline, context } = this.#station;
    if (failure !== undefined) {
      const ranges = [[offset, offset + size] as const];
      return new BatchLoad(this.#station, { ...batch, ranges }).recover(failure);
    }
    batch.given = rows.length; // The load may change its rows, and what it is told of them.
    return pipeline.load(rows as T[], loadContextOf(context, { sequence, offset, size, attempt }));
  }

  /** Counts a batch whose load has succeeded. */
  count({ given, info: { size }, failure }: Batch<E, T>): void {
    const { counts, isOver } = this.#station;
    // What ends after the run has told its counts is pending for ever; halves were counted as they ended.
    if (isOver || failure !== undefined) return;
    const loaded = Math.min(given, size);
    counts.batches++;
    counts.loaded += loaded;
    counts.skipped += size - loaded;
  }

  /** Whether it would help to go on in halves where the load of a batch has failed. */
  mayHalve(batch: Batch<E, T>, error: unknown): boolean {
    const { rows, given } = batch;
    // What a load has taken out of the array is not there to be halved, nor is what it has put in.
    if (!isOf(error, SplitError) || rows.length !== given) return false;
    batch.failure = error;
    return true;
  }
}
