import { CheckpointError, FencedError, isOf } from "../errors.ts";
import { nextMacrotask } from "../macrotask.ts";
import { follow } from "../signals.ts";
import { after } from "../timer.ts";
import {
  advance,
  blankCheckpoint,
  checkCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type Claim,
  covers,
  type DoneRange,
  rangesOf,
} from "./checkpoint.ts";
import { sleep } from "./deadline.ts";

/** Renewals in a lease. */
const mostFailedRenewals = 3;

/** What a run keeps its checkpoint with. */
export interface KeeperOptions {
  /** Where the checkpoint is kept. */
  readonly store: CheckpointStore;
  /** The key of the checkpoint. */
  readonly key: string;
  /** The run. */
  readonly runId: string;
  /** How long a claim holds that is not renewed, in milliseconds. */
  readonly lease: number;
  /** Is told of each failure between `open` and `close`; what fails within these, they reject with. */
  onFailure(error: unknown): void;
  /** Is told of each checkpoint that the store has taken. It must not throw. */
  onWritten?(checkpoint: Checkpoint): void;
}

/**
 * Keeps the checkpoint of one run: claims its key, reads what earlier runs have finished, writes
 * what this one finishes, and gives the key back. The store may be slow: one write at a time is on
 * its way, and the next takes what is newest then.
 */
export class CheckpointKeeper {
  readonly #options: KeeperOptions;
  readonly #stop = new AbortController(); // Ends the wait for the claim of another run.
  #phase: "opening" | "running" | "closing" = "opening";
  #checkpoint: Checkpoint | undefined;
  #finished: DoneRange[] = []; // What the checkpoint lacks.
  #written: Checkpoint | undefined; // What of it the store has.
  #mayOwn = false; // The store may hold a claim of this run.
  #isFenced = false;
  #hasFailedToWrite = false;
  #failedRenewals = 0; // In a row.
  #renewedAt = 0; // When the claim that holds was asked for.
  readonly #untold: unknown[] = []; // Failures that `open` or `close` has to tell.
  #stopTimer = () => {};
  #opening: Promise<Checkpoint | undefined> | undefined;
  #renewing: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Makes a keeper that has called nothing yet. */
  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** What is finished, by earlier runs and by this one; `undefined` if nothing ever was. */
  get checkpoint(): Checkpoint | undefined {
    if (this.#finished.length > 0) {
      this.#checkpoint = advance(this.#checkpoint ?? blankCheckpoint, this.#finished);
      this.#finished = [];
    }
    return this.#checkpoint;
  }

  /**
   * Claims the key and gives what the store has for it. While another run holds the key, it waits
   * until the time of that claim is up; `signal` ends the wait. If it rejects, nothing is left
   * behind. It is called once.
   *
   * @throws {FencedError} If the other run has renewed its claim twice by then: it lives.
   * @throws {CheckpointError} If the store gives what is no checkpoint.
   */
  open(signal: AbortSignal): Promise<Checkpoint | undefined> {
    const unfollow = follow(signal, (reason) => this.#stop.abort(reason));
    const opening = this.#open().finally(unfollow);
    this.#opening = opening;
    const opened = opening.catch(async (error: unknown) => {
      await this.close().catch(() => {}); // What failed first is told.
      throw error;
    });
    opened.catch(() => {}); // Whoever waits for it is told.
    return opened;
  }

  /** Counts these items as finished, and has that written before long. */
  finish(ranges: readonly DoneRange[]): void {
    if (ranges.length === 0) return;
    for (const range of ranges) this.#add(range);
    if (this.#phase !== "closing") this.#write();
  }

  /** Keeps a range for the next look at the checkpoint: most often it goes on where the last ends. */
  #add(range: DoneRange): void {
    const last = this.#finished.at(-1);
    if (last === undefined || last[1] !== range[0]) this.#finished.push(range);
    else {
      const [from] = last;
      const [, to, position] = range;
      const longer: DoneRange = position === undefined ? [from, to] : [from, to, position];
      this.#finished[this.#finished.length - 1] = longer;
    }
  }

  /** Settles when the store has what is finished by now, or cannot take it. */
  async flush(): Promise<void> {
    await this.#writing; // Which takes what is newest until there is nothing newer.
  }

  /**
   * Writes what is not written yet, and releases the claim. Nothing is left behind when it settles.
   * It rejects with what fails from now on; once a write has failed, there is no further one.
   */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#close();
      this.#closing.catch(() => {}); // Whoever waits for it is told.
    }
    return this.#closing;
  }

  async #open(): Promise<Checkpoint | undefined> {
    const { store, key } = this.#options;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    if (store.claim !== undefined) await this.#claim(signal);
    const found = await store.read(key);
    signal.throwIfAborted();
    if (found !== undefined) this.#checkpoint = this.#written = checkCheckpoint(key, found);
    this.#tell();
    this.#phase = "running";
    return found;
  }

  async #claim(signal: AbortSignal): Promise<void> {
    const { key, runId, lease } = this.#options;
    let last: Claim | undefined;
    let renewals = 0;
    while (true) {
      const now = Date.now();
      const begin = performance.now(); // The other clock may be set back.
      const holder = await this.#ask(now);
      signal.throwIfAborted();
      if (holder.runId === runId) {
        this.#renewedAt = begin;
        return this.#renewIn(begin + lease / 3 - performance.now());
      }
      if (last !== undefined && holder.until !== last.until) renewals++;
      const isOther = last !== undefined && holder.runId !== last.runId;
      // One renewal of a run that has died since may still have been on its way. And a store that
      // does not give what is free would be asked for ever.
      if (isOther || renewals > 1 || holder.until <= now) throw new FencedError(key, holder.runId);
      last = holder;
      // Timers may be early, and the claim is then still the same.
      await sleep(Math.max(holder.until - Date.now(), 1), signal);
      signal.throwIfAborted();
    }
  }

  /** Claims the key or renews the claim, and gives the claim that holds. */
  async #ask(now: number): Promise<Claim> {
    const { store, key, runId, lease } = this.#options;
    this.#mayOwn = true; // Also when the answer is lost.
    const holder: Partial<Claim> = Object(
      await store.claim!(key, { runId, until: now + lease }, now),
    );
    const { runId: owner, until } = holder;
    if (typeof owner !== "string" || typeof until !== "number" || Number.isNaN(until)) {
      throw new CheckpointError(key, "the store gives no claim for it");
    }
    this.#mayOwn = owner === runId;
    return { runId: owner, until };
  }

  #renewIn(delay: number): void {
    if (this.#phase === "closing") return;
    this.#stopTimer = after(Math.max(delay, 0), () => void (this.#renewing = this.#renew()));
  }

  async #renew(): Promise<void> {
    const { key, runId, lease } = this.#options;
    const begin = performance.now();
    try {
      const { runId: owner } = await this.#ask(Date.now());
      if (owner !== runId) this.#fail(new FencedError(key, owner));
      else await this.#checkReturn(begin);
      this.#failedRenewals = 0;
    } catch (error) {
      // A store may be busy for a moment. From the third in a row on others may take the key; it is
      // tried again all the same while the run comes to its end.
      if (++this.#failedRenewals === mostFailedRenewals) this.#fail(error);
    }
    this.#renewing = undefined;
    if (!this.#isFenced) this.#renewIn(begin + lease / 3 - performance.now());
  }

  /** Once the claim has lapsed, nothing is written before it is known who has come meanwhile. */
  async #secure(): Promise<void> {
    const { store, lease } = this.#options;
    if (store.claim === undefined || performance.now() - this.#renewedAt <= lease) return;
    this.#stopTimer();
    this.#renewing ??= this.#renew();
    await this.#renewing;
  }

  /**
   * Where the claim had lapsed, another run may have come and gone. If it has finished what this one
   * does not know of, the key is given back.
   */
  async #checkReturn(begin: number): Promise<void> {
    const { store, key, runId, lease } = this.#options;
    const hasLapsed = performance.now() - this.#renewedAt > lease;
    this.#renewedAt = begin;
    if (!hasLapsed) return;
    const found = await store.read(key);
    if (found === undefined || found.runId === runId) return;
    if (covers(this.checkpoint ?? blankCheckpoint, rangesOf(found))) return;
    this.#fail(new FencedError(key, found.runId));
    await store.release?.(key, runId);
  }

  #write(): void {
    if (this.#writing !== undefined || this.#isFenced || this.#hasFailedToWrite) return;
    this.#writing = this.#writeNewest();
  }

  async #writeNewest(): Promise<void> {
    const { store, key, runId } = this.#options;
    do {
      await nextMacrotask(); // A run that finishes batch after batch pays for one write.
      await this.#secure();
      if (this.#isFenced) break;
      const newest = this.checkpoint!;
      const written = { ...newest, updatedAt: Date.now(), runId };
      try {
        await store.write(key, written);
        this.#written = written;
        if (this.#checkpoint === newest) this.#checkpoint = written; // Else there is more to write.
      } catch (error) {
        this.#hasFailedToWrite = true;
        this.#fail(error);
      }
      if (this.#written === written) this.#options.onWritten?.(written);
    } while (this.#written !== this.checkpoint && !this.#hasFailedToWrite);
    this.#writing = undefined;
  }

  async #close(): Promise<void> {
    this.#phase = "closing";
    this.#stop.abort(new DOMException("The run is over", "AbortError"));
    this.#stopTimer();
    await this.#opening?.catch(() => {}); // Whoever called `open` is told.
    await this.#renewing;
    await this.#writing;
    const { store, key, runId } = this.#options;
    try {
      if (this.#mayOwn) await store.release?.(key, runId);
    } catch (error) {
      this.#untold.push(error);
    }
    this.#tell();
  }

  #fail(error: unknown): void {
    if (isOf(error, FencedError)) {
      if (this.#isFenced) return; // The store says so for the claim and for the write.
      this.#isFenced = true;
      this.#stopTimer();
    }
    if (this.#phase === "running") this.#options.onFailure(error);
    else this.#untold.push(error);
  }

  #tell(): void {
    const failures = this.#untold.splice(0);
    if (failures.length > 0) throw failures[0]; // The others follow from it.
  }
}
