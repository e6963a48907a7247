import type { RunTrace, TracedBatch } from "../report-types.ts";
import type { Batch } from "./batch.ts";

/** Most batches and most intervals that are kept. With one more, every other one is dropped. */
const maxBatches = 512;
const maxIntervals = 256;

/** Keeps what a picture of a run needs, in constant memory however long the run is. */
export class Trace {
  readonly #begin: number;
  readonly #isTaken: boolean[] = []; // Of each worker that has loaded.
  readonly #lanes = new Map<number, number>(); // Of each batch that is being loaded.
  #every = 1;
  #batches: TracedBatch[] = [];
  #interval = 1; // ms
  #done: number[] = [];

  /** Begins the trace of a run. */
  constructor(begin: number) {
    this.#begin = begin;
  }

  /** The load of a batch begins. */
  begin(sequence: number): void {
    const free = this.#isTaken.indexOf(false);
    const lane = free < 0 ? this.#isTaken.length : free;
    this.#isTaken[lane] = true;
    this.#lanes.set(sequence, lane);
  }

  /** A batch is finished. */
  end<E, T>(batch: Batch<E, T>, ended: number): void {
    const { info: { sequence, size }, progress } = batch;
    const lane = this.#lanes.get(sequence);
    if (lane !== undefined) this.#isTaken[lane] = false; // Else nothing of it was to be loaded.
    this.#lanes.delete(sequence);
    if (sequence % this.#every !== 0) return;
    const since = (time: number) => time - this.#begin;
    this.#batches.push({
      sequence,
      lane: lane ?? 0,
      size,
      retries: progress?.retries ?? 0,
      deadLettered: progress?.deadLettered ?? 0,
      batchedAt: since(batch.batchedAt),
      transformedAt: since(batch.transformedAt),
      loadStartedAt: since(batch.loadStartedAt),
      endedAt: since(ended),
    });
    while (this.#batches.length > maxBatches) {
      this.#every *= 2;
      this.#batches = this.#batches.filter((kept) => kept.sequence % this.#every === 0);
    }
  }

  /** So many items are done. */
  count(done: number, now: number): void {
    const time = now - this.#begin;
    while (time >= this.#interval * maxIntervals) {
      const before = this.#done;
      this.#interval *= 2;
      this.#done = [];
      before.forEach((count, index) => this.#add(index >> 1, count));
    }
    this.#add(Math.floor(time / this.#interval), done);
  }

  /** Returns the kept trace: plain data. */
  read(): RunTrace {
    return {
      every: this.#every,
      batches: [...this.#batches],
      interval: this.#interval,
      done: [...this.#done],
    };
  }

  #add(index: number, count: number): void {
    while (this.#done.length <= index) this.#done.push(0);
    this.#done[index]! += count;
  }
}
