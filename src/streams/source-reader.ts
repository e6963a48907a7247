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
  /** Called when reading continues after a wait, or after the work left for a batch. */
  onGoOn(): unknown;
  /** Called when reading is over. */
  onEnd(end: ReadEnd): void;
}

/** State of a reader. The first three lead to each other; from the others there is no way back. */
type ReadState =
  | "idle" // Nothing was read.
  | "reading" // A read of the source is pending.
  | "paused" // Items read are being added, or wait for room.
  | "stopped" // There is no further read; items already read are still added.
  | "abandoned" // It is over, except for a read that is still pending.
  | "done";

/**
 * Reads a source into a batcher, for everything that pulls. It pauses while the bucket is full. From
 * time to time it lets timers and other work run, which a source that is always ready would starve.
 */
export class SourceReader<T> implements ReadTarget {
  /** Settles when the source was cancelled after an error of the bucket's callbacks. */
  released: Promise<void> | undefined;
  /** True if items come in arrays. */
  readonly isChunked: boolean;
  readonly #source: OpenSource;
  readonly #batcher: SourceBatcher<T>;
  readonly #listener: ReadListener;
  readonly #offsets: OffsetTracker | undefined; // Knows which items earlier runs finished.
  readonly #pace = new Yielder();
  readonly #isPlain: boolean; // Items come one by one and are not measured.
  #state: ReadState = "idle";
  #isHalted = false; // Nothing more of an array or a chunk is added, and it does not wait for room.
  #isDirect: boolean; // Items are pushed: none of them is already finished.
  #limit = 0; // Size of the open batch at which it needs attention.
  #unpacked = 0; // Items that came in arrays.
  #refused = 0; // Items for which the bucket's callbacks failed.
  #paced = 0; // Pushed items that the pace has counted.
  #onLoopEnd = () => {};

  /**
   * Opens the source; `start` reads it.
   * @throws {ConfigurationError} If `source` is not a source, or is a stream with another reader.
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
    this.#unpacked = batcher.accepted; // By the previous reader of the same source.
    this.#isPlain = !this.isChunked && !batcher.isMeasured;
    this.#isDirect = this.#isPlain && (offsets?.isPast ?? true);
  }

  /** Number of items read so far. */
  get extracted(): number {
    return this.isChunked ? this.#unpacked : this.#batcher.accepted + this.#refused;
  }

  /** Number of items that it will yield, if known in advance. */
  get total(): number | undefined {
    return this.#source.kind === "array" ? this.#source.items.length : undefined;
  }

  /** True if a read of the source is pending. */
  get isReading(): boolean {
    return this.#state === "reading";
  }

  /** True if the pending read will not settle by itself after a stop. */
  get isStuck(): boolean {
    return this.#state === "abandoned" && this.#source.kind === "async";
  }

  /** Begins to read, unless it was stopped. Never rejects: errors are reported by `onEnd`. */
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
   * Cancels the source, even while a read is pending, and ends the reading. The rest of a chunk still
   * goes into the bucket, unless `isHalted`; the rest of an array does not. Settles when the source has
   * been cancelled.
   */
  async stop(reason: unknown, isHalted = false): Promise<void> {
    const { kind } = this.#source;
    const before = this.#state;
    this.#isHalted ||= isHalted || kind === "array"; // The rest of an array is not read.
    if (this.#isStopped) return;
    this.#state = "stopped";
    const isLooped = kind === "array" || kind === "sync";
    if (isLooped && before !== "idle") { // The loop may be the caller, and ends the iterator itself.
      return new Promise((resolve) => void (this.#onLoopEnd = resolve));
    }
    const cancelled = cancelSource(this.#source, reason);
    if (before !== "paused") this.#end(undefined);
    if (before === "reading") this.#state = "abandoned";
    await cancelled;
  }

  /** Number of items to read in one go: as many as fit, or fewer if the clock must be checked then. */
  get step(): number {
    return Math.min(this.#room, this.#pace.step);
  }

  /** True if the open batch is empty. */
  get isBatchEmpty(): boolean {
    return this.#batcher.size === 0;
  }

  /** Called before a read; returns false if none should be made. */
  begin(): boolean {
    if (this.#isStopped) return false;
    this.#state = "reading";
    this.#listener.onGoOn();
    return true;
  }

  /** Adds an item if nothing else needs to be done for it; then more items may follow. */
  push(item: T): boolean {
    return this.#isDirect && this.#state === "reading" && !this.#batcher.push(item, this.#limit);
  }

  /** Called when a read has settled; returns false if it is no longer awaited. */
  settle(): boolean {
    if (this.#state === "reading") this.#state = "paused";
    else if (this.#state === "abandoned") this.#state = "done";
    return this.#state !== "done";
  }

  /** Adds the items read, or finishes a push; returns a promise to wait for, if any. */
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

  /** Adds at most `step` items. Their array becomes the batch if none is open. */
  putAll(read: T[]): void {
    const items = this.#unfinished(read);
    if (items.length > 0) this.#add(items, 0, items.length, true);
  }

  /** Returns a promise to wait for after this many items, if any. */
  pause(items: number): Promise<void> | undefined {
    const isDue = this.#pace.isDue(items);
    return isDue || this.#batcher.isFull ? this.#rest(isDue) : undefined;
  }

  /** True if no further read is made. */
  get #isStopped(): boolean {
    return this.#state === "stopped" || this.#state === "abandoned" || this.#state === "done";
  }

  /** Number of items that may be added at once: those that fit into the open batch, or one to measure. */
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

  /** Adds an array, batch by batch, as the bucket makes room for it. */
  async #fill(given: readonly T[]): Promise<void> {
    if (!Array.isArray(given)) fail("read chunk", "chunk", "an array", given);
    const items = this.#unfinished(given as T[]);
    const { length } = items; // Before a load can change the array, which it may receive uncopied.
    this.#unpacked += length;
    if (length === 0) await this.pause(given.length || 1); // Reading an empty one takes time too.
    let index = 0;
    while (index < length && !this.#isHalted) {
      const from = index;
      const room = this.#room;
      if (this.#batcher.isMeasured) this.#listener.onGoOn();
      index = Math.min(length, from + room);
      // A chunk is ours, so a whole batch needs no copy.
      this.#add(items, from, index, this.isChunked && from === 0 && length === room);
      const pause = this.pause(index - from);
      // Always within an array, so that loads can settle: waiting for room costs more.
      if (pause !== undefined || index < length) await pause;
    }
  }

  /** Adds items that fit; if `isOwned`, the array may become the batch as it is. */
  #add(items: T[], from: number, to: number, isOwned: boolean): void {
    const batcher = this.#batcher;
    if (!batcher.isMeasured) return batcher.addAll(items, from, to, isOwned);
    for (let index = from; index < to; index++) batcher.add(items[index]!);
  }

  /** Returns the items that no earlier run has finished. */
  #unfinished(items: T[]): T[] {
    return (this.#offsets?.open(items) ?? items) as T[];
  }

  /** Waits while the bucket is full, and lets other work run if `isDue`. */
  async #rest(isDue: boolean): Promise<void> {
    if (this.#batcher.isFull && !this.#isHalted) await this.#batcher.room();
    if (!isDue) return;
    this.#listener.onGoOn();
    this.#batcher.checkTime();
    await nextMacrotask();
  }

  /** Cancels the source after an error of the bucket's callbacks. */
  #giveUp(error: unknown): void {
    this.#refused = 1;
    // A stopped source is already cancelled, except a sync one that its loop was to end.
    if (this.#source.kind === "sync" || !this.#isStopped) {
      this.#state = "stopped";
      // The first error is reported.
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
