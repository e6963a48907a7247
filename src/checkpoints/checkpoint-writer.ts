import { FencedError, isOf } from "../errors.ts";
import { sleep } from "../runtime/deadline.ts";
import { nextMacrotask } from "../runtime/macrotask.ts";
import { onAbort } from "../runtime/signals.ts";
import {
  advance,
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  covers,
  type DoneRange,
  type FinishedCounts,
  rangesOf,
  sumOf,
} from "./checkpoint.ts";
import { KeyClaim, type KeyClaimOptions } from "./key-claim.ts";
import { beginRun } from "./load-call.ts";
import { callStore } from "../retry/store-call.ts";

/** Options of a checkpoint writer. */
export interface CheckpointWriterOptions extends KeyClaimOptions {
  /** Least time between two writes in milliseconds, unless a caller waits for a write. */
  readonly interval?: number;
  /** The version of the source, to store in the checkpoint. */
  readonly fingerprint?: string | undefined;
  /** True if the loads commit their own marks, so that the store must know which counts are in none. */
  readonly hasMarks?: boolean;
  /** Called with the items that earlier runs finished; may throw. */
  onFound?(checkpoint: Checkpoint): void;
  /** Called with each failure between `open` and `close`, which reject with their own failures. */
  onFailure(error: unknown): void;
  /** Called with each checkpoint that the store has accepted. It must not throw. */
  onWritten?(checkpoint: Checkpoint): void;
}

/**
 * Keeps the checkpoint of one run: claims its key, reads what earlier runs finished, writes what this
 * one finishes, and releases the key. The store may be slow: one write at a time is in progress, and
 * the next one contains the latest state.
 */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  readonly #claim: KeyClaim;
  readonly #stop = new AbortController(); // Ends the wait for the claim of another run.
  readonly #gone = new AbortController(); // Ends calls of the store that are no longer awaited.
  #phase: "opening" | "running" | "closing" = "opening";
  #checkpoint: Checkpoint | undefined;
  #finished: DoneRange[] = []; // Missing in the checkpoint.
  #counts: FinishedCounts | undefined; // Of the missing ranges.
  #unmarked: FinishedCounts | undefined; // Of everything that this run has finished and no load has marked.
  #written: Checkpoint | undefined; // The part that is already stored.
  #writtenAt = -Infinity;
  #hurry = new AbortController(); // Ends the wait until the next write.
  #flushes = 0; // Pending flushes, for which there is no wait.
  #isFenced = false;
  #hasFailedToWrite = false;
  #hasReturned = false; // The claim lapsed while the checkpoint was being read.
  readonly #untold: unknown[] = []; // Failures that `open` or `close` must report.
  #opening: Promise<Checkpoint | undefined> | undefined;
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #endRun = () => {};

  /** Creates a writer that has called nothing yet. */
  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
    this.#claim = new KeyClaim(options, {
      onFailure: (error) => this.#fail(error),
      onReturn: () => this.#checkReturn(),
    }, this.#gone.signal);
  }

  /** Items finished by earlier runs and by this one; `undefined` if there are none. */
  get checkpoint(): Checkpoint | undefined {
    if (this.#finished.length > 0) {
      this.#checkpoint = advance(this.#checkpoint ?? blankCheckpoint, this.#finished, this.#counts);
      this.#finished = [];
      this.#counts = undefined;
    }
    return this.#checkpoint;
  }

  /**
   * Claims the key and returns its checkpoint. While another run holds the key, it waits until that
   * claim was not renewed for a full lease; `signal` ends the wait. If it rejects, nothing is left
   * behind. Call it once.
   *
   * @throws {FencedError} If the other run renews its claim twice in that time, and so is alive; at
   * once if its claim never ends.
   * @throws {CheckpointError} If the store returns a value that is not a checkpoint.
   */
  open(signal: AbortSignal): Promise<Checkpoint | undefined> {
    const unfollow = onAbort(signal, (reason) => this.#stop.abort(reason));
    const opening = this.#open().finally(unfollow);
    this.#opening = opening;
    const opened = opening.catch(async (error: unknown) => {
      await this.close().catch(() => {}); // The first failure is reported.
      throw error;
    });
    opened.catch(() => {}); // The caller that awaits it is notified.
    return opened;
  }

  /**
   * Counts these items as finished, and schedules a write. `isMarked` means that a load has committed a
   * mark for them.
   */
  finish(ranges: readonly DoneRange[], counts?: FinishedCounts, isMarked = false): void {
    if (ranges.length === 0) return;
    for (const range of ranges) this.#add(range);
    this.#counts = sumOf(this.#counts, counts);
    if (!isMarked && this.#options.hasMarks) this.#unmarked = sumOf(this.#unmarked, counts);
    if (this.#phase !== "closing") this.#write();
  }

  /** Keeps a range for the next read of the checkpoint. Most often it continues the last one. */
  #add(range: DoneRange): void {
    const last = this.#finished.at(-1);
    if (last?.[1] !== range[0] || range[2] === null) this.#finished.push(range);
    else {
      const [from] = last!;
      const [, to, position] = range;
      const longer: DoneRange = position === undefined ? [from, to] : [from, to, position];
      this.#finished[this.#finished.length - 1] = longer;
    }
  }

  /** Settles when the store has everything finished so far; with `false` if it cannot accept it. */
  async flush(): Promise<boolean> {
    this.#hurry.abort();
    this.#hurry = new AbortController();
    this.#flushes++;
    await this.#writing; // It writes the latest state until there is nothing newer.
    this.#flushes--;
    return !this.#isFenced && !this.#hasFailedToWrite;
  }

  /**
   * Writes the rest, and releases the claim; with `forgets`, nothing counts as finished any more.
   * Nothing is left behind when it settles. It rejects with failures from now on; once a write has
   * failed, there is no further one.
   */
  close(forgets = false): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#close(forgets);
      this.#closing.catch(() => {}); // The caller that awaits it is notified.
    }
    return this.#closing;
  }

  /** Stops waiting: calls of the store that are still pending no longer matter. */
  leave(): void {
    this.#gone.abort();
  }

  async #open(): Promise<Checkpoint | undefined> {
    const { store, key, runId, retry, fingerprint, onFound } = this.#options;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    this.#endRun = beginRun(store, runId);
    let found: Checkpoint | undefined;
    try {
      await this.#claim.take(signal);
      const read = () => callStore((own) => store.read(key, own), retry, signal, this.#gone.signal);
      found = await read();
      if (this.#hasReturned) found = await read(); // Once: a store may be slower than the lease.
    } finally {
      signal.throwIfAborted(); // The reason that ended the wait is reported.
    }
    if (found !== undefined) {
      const { unmarked: _, ...rest } = checkCheckpoint(key, found); // Of earlier runs.
      this.#checkpoint = this.#written = found = rest;
      onFound?.(found);
    }
    if (fingerprint !== undefined && found?.fingerprint !== fingerprint) {
      // At once, as a sink continues from the stored one, and may leave nothing else to write.
      this.#checkpoint = { ...(found ?? blankCheckpoint), fingerprint };
      await callStore((own) => this.#writeOnce(own), retry, signal, this.#gone.signal);
    }
    this.#tell();
    this.#phase = "running";
    return found;
  }

  /**
   * Handles a lapsed claim: another run may have come and gone. If it has finished items that this run
   * does not know, the key is released.
   */
  async #checkReturn(): Promise<void> {
    const { store, key, runId } = this.#options;
    if (this.#phase === "opening") { // Nothing is known yet, so it reads again.
      this.#hasReturned = true;
      return;
    }
    const found = await store.read(key, this.#gone.signal);
    if (found === undefined || found.runId === runId) return;
    if (covers(this.checkpoint ?? blankCheckpoint, rangesOf(found))) return;
    this.#fail(new FencedError(key, found.runId));
    await store.release?.(key, runId, this.#gone.signal);
  }

  #write(): void {
    if (this.#writing !== undefined || this.#isFenced || this.#hasFailedToWrite) return;
    this.#writing = this.#writeNewest();
  }

  async #writeNewest(): Promise<void> {
    const { retry, signal, interval = 0 } = this.#options;
    do {
      await nextMacrotask(); // A run that finishes batch after batch pays for one write.
      const wait = this.#writtenAt + interval - performance.now();
      const mayWait = this.#flushes === 0 && this.#phase !== "closing";
      if (wait > 0 && mayWait) await sleep(wait, this.#hurry.signal);
      try {
        await callStore((own) => this.#writeOnce(own), retry, signal, this.#gone.signal);
      } catch (error) {
        this.#hasFailedToWrite = true;
        this.#fail(error);
      }
    } while (!this.#isFenced && !this.#hasFailedToWrite && this.#written !== this.checkpoint);
    this.#writing = undefined;
  }

  async #writeOnce(signal: AbortSignal): Promise<void> {
    const { store, key, runId, onWritten } = this.#options;
    await this.#claim.secure();
    if (this.#isFenced) return;
    const newest = this.checkpoint!;
    const written = { ...newest, updatedAt: Date.now(), runId };
    const unmarked = this.#unmarked;
    await store.write(key, unmarked === undefined ? written : { ...written, unmarked }, signal);
    this.#writtenAt = performance.now();
    this.#written = written;
    if (this.#checkpoint === newest) this.#checkpoint = written; // Otherwise there is more to write.
    onWritten?.(written);
  }

  async #close(forgets: boolean): Promise<void> {
    const { store, key } = this.#options;
    this.#phase = "closing";
    this.#hurry.abort();
    this.#stop.abort(new DOMException("The run is over", "AbortError"));
    this.#claim.stop();
    await this.#opening?.catch(() => {}); // The caller of `open` is notified.
    await this.#claim.settled();
    await this.#writing;
    this.#endRun();
    try {
      await this.#claim.release();
      // Without a run, so it replaces everything. If another run has the key by now, it continues from here.
      if (forgets) await store.write(key, { ...blankCheckpoint, updatedAt: Date.now() });
    } catch (error) {
      if (!forgets || !isOf(error, FencedError)) this.#untold.push(error);
    }
    this.#tell();
  }

  #fail(error: unknown): void {
    if (isOf(error, FencedError)) {
      if (this.#isFenced) return; // The store reports it for the claim and for the write.
      this.#isFenced = true;
      this.#claim.stop();
    }
    if (this.#phase === "running") this.#options.onFailure(error);
    else this.#untold.push(error);
  }

  #tell(): void {
    const failures = this.#untold.splice(0);
    if (failures.length > 0) throw failures[0]; // The others follow from it.
  }
}
