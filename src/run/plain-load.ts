import { isOf, SplitError } from "../errors.ts";
import { BatchLoad } from "./batch-load.ts";
import { type Batch, type LoadSteps, type NextStep, progressOf } from "./batch.ts";
import { loadContextOf } from "../pipeline/pipeline.ts";
import type { RunContext } from "./run-context.ts";

/** Loads the batches of a run that does nothing about failures but to halve what was too much. */
export class PlainLoad<E, T> implements LoadSteps<E, T> {
  readonly #run: RunContext<E, T>;

  /** Makes the load of a run; nothing begins before `run`. */
  constructor(run: RunContext<E, T>) {
    this.#run = run;
  }

  /** Loads a batch. */
  run(batch: Batch<E, T>): unknown {
    const { rows, info: { sequence, offset, size, attempt } } = batch;
    const { pipeline, context } = this.#run;
    const info = { sequence, offset, size, attempt }; // A copy, as the load may change what it is told.
    return pipeline.load(rows.values as T[], loadContextOf(context, info, this.#run));
  }

  /** Counts the batch, which is done. */
  onSuccess(batch: Batch<E, T>): NextStep {
    const { counts, isOver } = this.#run;
    if (isOver) return "done"; // What ends after the run has told its counts is pending for ever.
    counts.batches++;
    this.#count(batch, batch.rows.itemCount);
    return "done";
  }

  /** Counts a batch that comes to no load. */
  leaveOut(batch: Batch<E, T>): void {
    this.#count(batch, 0);
  }

  /** Goes on in halves where that may help. */
  onFailure(batch: Batch<E, T>, error: unknown): NextStep {
    const { rows, info: { offset, size } } = batch;
    // What a load has taken out of the array is not there to be halved, nor is what it has put in.
    if (!isOf(error, SplitError) || rows.values.length !== rows.count) return "failed";
    batch.ranges = [[offset, offset + size]]; // No item of a plain run was numbered.
    batch.load = new BatchLoad(this.#run, batch);
    return batch.load.onFailure(batch, error);
  }

  #count(batch: Batch<E, T>, loaded: number): void {
    const { counts, emit } = this.#run;
    const skipped = batch.info.size - loaded;
    counts.loaded += loaded;
    counts.rows += batch.rows.count;
    counts.skipped += skipped;
    if (emit !== undefined) Object.assign(progressOf(batch), { loaded, skipped });
  }
}
