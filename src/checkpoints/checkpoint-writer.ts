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
  /** Least time between two writes in milliseconds, where nobody waits for one. */
  readonly interval?: number;
  /** The version of the source, to be kept. */
  readonly fingerprint?: string | undefined;
  /** The loads commit marks of their own, so that the store has to know which counts are in none. */
  readonly hasMarks?: boolean;
  /** Is told of what earlier runs have finished; may throw. */
  onFound?(checkpoint: Checkpoint): void;
  /** Is told of each failure between `open` and `close`, which reject with those of their own. */
  onFailure(error: unknown): void;
  /** Is told of each checkpoint that the store has taken. It must not throw. */
  onWritten?(checkpoint: Checkpoint): void;
}

/**
 * Keeps the checkpoint of one run: claims its key, reads what earlier runs have finished, writes
 * what this one finishes, and gives the key back. The store may be slow: one write at a time is on
 * its way, and the next takes what is newest then.
 */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  readonly #claim: KeyClaim;
  readonly #stop = new AbortController(); // Ends the wait for the claim of another run.
  readonly #gone = new AbortController(); // Ends calls of the store that nobody waits for any more.
  #phase: "opening" | "running" | "closing" = "opening";
  #checkpoint: Checkpoint | undefined;
  #finished: DoneRange[] = []; // What the checkpoint lacks.
  #counts: FinishedCounts | undefined; // Of it.
  #unmarked: FinishedCounts | undefined; // Of all that this run has finished, and no load has marked.
  #written: Checkpoint | undefined; // The part of it that is already stored.
  #writtenAt = -Infinity;
  #hurry = new AbortController(); // Ends the wait until the next write.
  #flushes = 0; // For which there is none.
  #isFenced = false;
  #hasFailedToWrite = false;
  #hasReturned = false; // The claim had lapsed while the checkpoint was being read.
  readonly #untold: unknown[] = []; // Failures that `open` or `close` has to tell.
  #opening: Promise<Checkpoint | undefined> | undefined;
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #endRun = () => {};

  /** Makes a writer that has called nothing yet. */
  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
    this.#claim = new KeyClaim(options, {
      onFailure: (error) => this.#fail(error),
      onReturn: () => this.#checkReturn(),
    }, this.#gone.signal);
  }

  /** Items finished by earlier runs and by this one; `undefined` if nothing ever was. */
  get checkpoint(): Checkpoint | undefined {
    if (this.#finished.length > 0) {
      this.#checkpoint = advance(this.#checkpoint ?? blankCheckpoint, this.#finished, this.#counts);
      this.#finished = [];
      this.#counts = undefined;
    }
    return this.#checkpoint;
  }

  /**
   * Claims the key and gives what the store has for it. While another run holds the key, it waits
   * until that claim has gone one full lease without renewal; `signal` ends the wait. If it rejects,
   * nothing is left behind. It is called once.
   *
   * @throws {FencedError} If the other run has renewed its claim twice by then, and so lives; at once
   * if that claim is never over.
   * @throws {CheckpointError} If the store gives what is no checkpoint.
   */
  open(signal: AbortSignal): Promise<Checkpoint | undefined> {
    const unfollow = onAbort(signal, (reason) => this.#stop.abort(reason));
    const opening = this.#open().finally(unfollow);
    this.#opening = opening;
    const opened = opening.catch(async (error: unknown) => {
      await this.close().catch(() => {}); // What failed first is told.
      throw error;
    });
    opened.catch(() => {}); // Whoever waits for it is told.
    return opened;
  }

  /**
   * Counts these items as finished, and has that written before long; `isMarked` if a load has
   * committed a mark that says so.
   */
  finish(ranges: readonly DoneRange[], counts?: FinishedCounts, isMarked = false): void {
    if (ranges.length === 0) return;
    for (const range of ranges) this.#add(range);
    this.#counts = sumOf(this.#counts, counts);
    if (!isMarked && this.#options.hasMarks) this.#unmarked = sumOf(this.#unmarked, counts);
    if (this.#phase !== "closing") this.#write();
  }

  /** Keeps a range for the next look at the checkpoint: most often it goes on where the last ends. */
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

  /** Settles when the store has what is finished by now; with `false` if it cannot take it. */
  async flush(): Promise<boolean> {
    this.#hurry.abort();
    this.#hurry = new AbortController();
    this.#flushes++;
    await this.#writing; // Which takes what is newest until there is nothing newer.
    this.#flushes--;
    return !this.#isFenced && !this.#hasFailedToWrite;
  }

  /**
   * Writes what is not written yet, and releases the claim; where `forgets`, nothing is finished any
   * more. Nothing is left behind when it settles. It rejects with what fails from now on; once a write has failed, there is no further one.
   */
  close(forgets = false): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#close(forgets);
      this.#closing.catch(() => {}); // Whoever waits for it is told.
    }
    return this.#closing;
  }

  /** Waits no longer: what the store has not done by now it need not do. */
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
      signal.throwIfAborted(); // What has ended the wait is told.
    }
    if (found !== undefined) {
      const { unmarked: _, ...rest } = checkCheckpoint(key, found); // By the runs before.
      this.#checkpoint = this.#written = found = rest;
      onFound?.(found);
    }
    if (fingerprint !== undefined && found?.fingerprint !== fingerprint) {
      // At once, as a sink goes on from what is stored, and may leave nothing else to write.
      this.#checkpoint = { ...(found ?? blankCheckpoint), fingerprint };
      await callStore((own) => this.#writeOnce(own), retry, signal, this.#gone.signal);
    }
    this.#tell();
    this.#phase = "running";
    return found;
  }

  /**
   * Where the claim had lapsed, another run may have come and gone. If it has finished what this one
   * does not know of, the key is given back.
   */
  async #checkReturn(): Promise<void> {
    const { store, key, runId } = this.#options;
    if (this.#phase === "opening") { // It does not know anything yet, and reads again.
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
    if (this.#checkpoint === newest) this.#checkpoint = written; // Else there is more to write.
    onWritten?.(written);
  }

  async #close(forgets: boolean): Promise<void> {
    const { store, key } = this.#options;
    this.#phase = "closing";
    this.#hurry.abort();
    this.#stop.abort(new DOMException("The run is over", "AbortError"));
    this.#claim.stop();
    await this.#opening?.catch(() => {}); // Whoever called `open` is told.
    await this.#claim.settled();
    await this.#writing;
    this.#endRun();
    try {
      await this.#claim.release();
      // Of no run, which replaces everything. If another run has the key by now, it goes on from here.
      if (forgets) await store.write(key, { ...blankCheckpoint, updatedAt: Date.now() });
    } catch (error) {
      if (!forgets || !isOf(error, FencedError)) this.#untold.push(error);
    }
    this.#tell();
  }

  #fail(error: unknown): void {
    if (isOf(error, FencedError)) {
      if (this.#isFenced) return; // The store says so for the claim and for the write.
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
