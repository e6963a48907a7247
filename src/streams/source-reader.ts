import { isOf } from "../errors.ts";
import { nextMacrotask, Yielder } from "../runtime/macrotask.ts";
import { fail } from "../options.ts";
import type { OffsetTracker } from "../checkpoints/offset-tracker.ts";
import type { SourceBatcher } from "./source-batcher.ts";
import { Chunks } from "./chunks.ts";
import {
  readByCallbacks,
  readByForAwait,
  readSync,
  type ReadTarget,
  SourceFailure,
} from "./read-loops.ts";
import {
  cancelSource,
  type OpenSource,
  openSource,
  quickIterable,
  type Source,
  type SourceUse,
} from "./source.ts";

/** End of reading: by itself, or by an error of the source or of the bucket's callbacks. */
export type ReadEnd = { readonly error: unknown } | undefined;

/** Listener of a reader. */
export interface ReadListener {
  /** It goes on after it has waited, or after what was left to do for a batch. */
  onGoOn(): unknown;
  /** It is over. */
  onEnd(end: ReadEnd): void;
}

/** Where a reader stands. The first three lead to each other, from the others there is no way back. */
type ReadState =
  | "idle" // Nothing was read.
  | "reading" // The source was asked, and has not answered.
  | "paused" // What it has given is put in, or waits for room.
  | "stopped" // There is no further read; what was read is still put in.
  | "abandoned" // It is over, but for a read that was pending then and still is.
  | "done";

/**
 * Reads a source into a batcher: the reading of everything that pulls. It rests while the bucket is
 * full, and now and then lets timers and all else have a turn, which a source that is always ready
 * would starve.
 */
export class SourceReader<T> implements ReadTarget {
  /** Settles when a source that was given up for an error of the bucket's callbacks is cancelled. */
  released: Promise<void> | undefined;
  /** Items come in arrays. */
  readonly isChunked: boolean;
  readonly #source: OpenSource;
  readonly #batcher: SourceBatcher<T>;
  readonly #listener: ReadListener;
  readonly #offsets: OffsetTracker | undefined; // Knows what an earlier run has finished.
  readonly #pace = new Yielder();
  readonly #isPlain: boolean; // They come one by one, and nothing is measured about them.
  #state: ReadState = "idle";
  #isHalted = false; // Of an array or a chunk nothing more is put in, and no room is waited for.
  #isDirect: boolean; // Items are pushed: none of them is finished.
  #limit = 0; // Size of the open batch at which there is something to do for it.
  #unpacked = 0; // Items that came in arrays.
  #refused = 0; // Items that the bucket's callbacks failed on.
  #paced = 0; // Items that were pushed, and that the pace knows of.
  #onLoopEnd = () => {};

  /**
   * Opens the source; `start` reads it.
   * @throws {ConfigurationError} If `source` is no source, or a stream that somebody else reads.
   */
  constructor(
    source: Source<T>,
    batcher: SourceBatcher<T>,
    listener: ReadListener,
    use: SourceUse,
    offsets?: OffsetTracker,
  ) {
    this.#source = openSource(use, source);
    this.#batcher = batcher;
    this.#listener = listener;
    this.#offsets = offsets;
    this.isChunked = isOf(source, Chunks);
    this.#unpacked = batcher.accepted; // By the reader before, of the same source.
    this.#isPlain = !this.isChunked && !batcher.isMeasured;
    this.#isDirect = this.#isPlain && (offsets?.isPast ?? true);
  }

  /** Items read so far. */
  get extracted(): number {
    return this.isChunked ? this.#unpacked : this.#batcher.accepted + this.#refused;
  }

  /** The items that it will give, where that is known before. */
  get total(): number | undefined {
    return this.#source.kind === "array" ? this.#source.items.length : undefined;
  }

  /** The source was asked, and has not answered. */
  get isReading(): boolean {
    return this.#state === "reading";
  }

  /** The read that is pending will not settle before the source is made to. */
  get isStuck(): boolean {
    return this.#state === "abandoned" && this.#source.kind === "async";
  }

  /** Begins to read, unless it was stopped. Never rejects: what goes wrong is told by `onEnd`. */
  async start(): Promise<void> {
    if (this.#isStopped) return;
    this.#state = "paused";
    try {
      await this.#read();
      this.#end(undefined);
    } catch (error) {
      if (error instanceof SourceFailure) this.#end(error);
      else this.#giveUp(error);
    }
  }

  /**
   * Cancels the source, also while a read is pending, and ends the reading. The rest of a chunk still
   * goes into the bucket, unless `isHalted`; of an array it does not. Settles when the source has
   * been cancelled.
   */
  async stop(reason: unknown, isHalted = false): Promise<void> {
    const { kind } = this.#source;
    const before = this.#state;
    this.#isHalted ||= isHalted || kind === "array"; // Of an array the rest is not read.
    if (this.#isStopped) return;
    this.#state = "stopped";
    const isLooped = kind === "array" || kind === "sync";
    if (isLooped && before !== "idle") { // It may be the caller: its loop ends it.
      return new Promise((resolve) => void (this.#onLoopEnd = resolve));
    }
    const cancelled = cancelSource(this.#source, reason);
    if (before !== "paused") this.#end(undefined);
    if (before === "reading") this.#state = "abandoned";
    await cancelled;
  }

  /** Items to read in one go: what fits in, or fewer where it is then time to look at the clock. */
  get step(): number {
    return Math.min(this.#room, this.#pace.step);
  }

  /** Nothing is in the open batch. */
  get isBatchEmpty(): boolean {
    return this.#batcher.size === 0;
  }

  /** A read is about to be made; false if there is to be none. */
  begin(): boolean {
    if (this.#isStopped) return false;
    this.#state = "reading";
    this.#listener.onGoOn();
    return true;
  }

  /** Takes an item if no more than that is to be done for it: it may be given more of them. */
  push(item: T): boolean {
    return this.#isDirect && this.#state === "reading" && !this.#batcher.push(item, this.#limit);
  }

  /** A read has settled; false if nobody waits for it any more. */
  settle(): boolean {
    if (this.#state === "reading") this.#state = "paused";
    else if (this.#state === "abandoned") this.#state = "done";
    return this.#state !== "done";
  }

  /** Takes what was read, or does what is left to do for it; gives what to wait for. */
  put(value: unknown): Promise<void> | undefined {
    if (this.isChunked) return this.#fill(value as T[]);
    const batcher = this.#batcher;
    const offsets = this.#offsets;
    if (this.#isDirect) batcher.attend();
    else if (!offsets?.isDone()) batcher.add(value as T);
    const { accepted } = batcher;
    const count = this.#isDirect ? accepted - this.#paced : 1;
    this.#paced = accepted;
    this.#isDirect ||= this.#isPlain && offsets?.isPast === true;
    const pause = this.pause(count);
    this.#limit = batcher.size + this.step;
    return pause;
  }

  /** Takes at most `step` items, whose array becomes the batch where none is open. */
  putAll(read: T[]): void {
    const items = this.#unfinished(read);
    if (items.length > 0) this.#add(items, 0, items.length, true);
  }

  /** Tells what has to be waited for after so many items. */
  pause(items: number): Promise<void> | undefined {
    const isDue = this.#pace.isDue(items);
    return isDue || this.#batcher.isFull ? this.#rest(isDue) : undefined;
  }

  /** No further read. */
  get #isStopped(): boolean {
    return this.#state === "stopped" || this.#state === "abandoned" || this.#state === "done";
  }

  /** Items that may be put in at once: those that fit into the open batch, or one to be measured. */
  get #room(): number {
    const { isMeasured, batchSize, size } = this.#batcher;
    return isMeasured ? 1 : batchSize - size;
  }

  #read(): Promise<void> {
    const source = this.#source;
    if (source.kind === "array") return this.#fill(source.items as T[]);
    if (source.kind === "sync") return readSync(source.iterator, this);
    const quick = this.#isPlain ? quickIterable(source) : undefined;
    if (quick !== undefined) return readByForAwait(quick, this);
    const isStream = source.kind === "stream";
    const next = isStream ? () => source.reader.read() : () => source.iterator.next();
    return readByCallbacks(next, this);
  }

  /** Puts an array in, batch by batch, as the bucket makes room for it. */
  async #fill(given: readonly T[]): Promise<void> {
    if (!Array.isArray(given)) fail("read chunk", "chunk", "an array", given);
    const items = this.#unfinished(given as T[]);
    const { length } = items; // Before a load, which may be given the array as it is, can change it.
    this.#unpacked += length;
    if (length === 0) await this.pause(given.length || 1); // To read an empty one takes time too.
    let index = 0;
    while (index < length && !this.#isHalted) {
      const from = index;
      const room = this.#room;
      if (this.#batcher.isMeasured) this.#listener.onGoOn();
      index = Math.min(length, from + room);
      // A chunk is ours, and where it is a whole batch it needs no copy.
      this.#add(items, from, index, this.isChunked && from === 0 && length === room);
      const pause = this.pause(index - from);
      // Amid an array in any case, so that loads can settle: to wait for room costs more.
      if (pause !== undefined || index < length) await pause;
    }
  }

  /** Puts in items that fit; where `isOwned`, the array may become the batch as it is. */
  #add(items: T[], from: number, to: number, isOwned: boolean): void {
    const batcher = this.#batcher;
    if (!batcher.isMeasured) return batcher.addAll(items, from, to, isOwned);
    for (let index = from; index < to; index++) batcher.add(items[index]!);
  }

  /** The items that an earlier run has not finished. */
  #unfinished(items: T[]): T[] {
    return (this.#offsets?.open(items) ?? items) as T[];
  }

  /** Waits while the bucket is full, and lets everything else have a turn where `isDue`. */
  async #rest(isDue: boolean): Promise<void> {
    if (this.#batcher.isFull && !this.#isHalted) await this.#batcher.room();
    if (!isDue) return;
    this.#listener.onGoOn();
    this.#batcher.checkTime();
    await nextMacrotask();
  }

  /** Cancels the source for an error of the bucket's callbacks. */
  #giveUp(error: unknown): void {
    this.#refused = 1;
    // One that was stopped has been cancelled, but for a sync one that its loop was to end.
    if (this.#source.kind === "sync" || !this.#isStopped) {
      this.#state = "stopped";
      // The first error is the one to tell.
      this.released = cancelSource(this.#source, error).catch(() => {});
    }
    this.#end({ error });
  }

  #end(end: ReadEnd): void {
    const isTold = this.#state === "abandoned" || this.#state === "done";
    this.#state = "done";
    this.#onLoopEnd();
    if (isTold) return;
    if (this.#source.kind === "stream") this.#source.reader.releaseLock();
    this.#listener.onEnd(end);
  }
}
