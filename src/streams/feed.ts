import { nextMacrotask, Yielder } from "../runtime/macrotask.ts";
import { fail } from "../options.ts";
import type { OffsetTracker } from "../checkpoints/offset-tracker.ts";
import type { Batcher } from "./batcher.ts";

/**
 * Puts what is read into a batcher, and tells its reader what to wait for: room in the bucket, and
 * now and then a turn for timers and all else, which a source that is always ready would starve.
 */
export class Feed<T> {
  /** Where items go. */
  readonly batcher: Batcher<T>;
  /** Of an array or a chunk nothing more is put in, and no room is waited for. */
  isHalted = false;
  /** Items come in arrays. */
  readonly isChunked: boolean;
  /** Items come one by one, and nothing is measured about them. */
  readonly isPlain: boolean;
  /** Items that the bucket's callbacks failed on. */
  refused = 0;
  readonly #numbering: OffsetTracker | undefined; // Knows what an earlier run has finished.
  readonly #onGoOn: () => unknown;
  readonly #pace = new Yielder();
  #isDirect: boolean;
  #unpacked = 0; // Items that came in arrays.
  #paced = 0; // Items that were put in directly, and that the pace knows of.

  /**
   * Makes a feed of items, or of arrays of them where `isChunked`. `onGoOn` is told that the feed
   * goes on where this takes some time.
   */
  constructor(
    batcher: Batcher<T>,
    isChunked: boolean,
    numbering: OffsetTracker | undefined,
    onGoOn: () => unknown,
  ) {
    this.batcher = batcher;
    this.isChunked = isChunked;
    this.isPlain = !isChunked && !batcher.isMeasured;
    this.#numbering = numbering;
    this.#onGoOn = onGoOn;
    this.#isDirect = this.isPlain && (numbering?.isPast ?? true);
  }

  /** Items may go into the open batch unseen, until it has the size `limit`: none is finished. */
  get isDirect(): boolean {
    return this.#isDirect;
  }

  /** Size of the open batch at which there is something to do for it. */
  get limit(): number {
    return this.batcher.open.length + this.most;
  }

  /** Items to read in one go. */
  get most(): number {
    return Math.min(this.#vacancy, this.#pace.step);
  }

  /** Items read so far. */
  get extracted(): number {
    return this.isChunked ? this.#unpacked : this.#accepted + this.refused;
  }

  /** Does what is left to do for what was read; gives what to wait for before the next read. */
  put(value: unknown): Promise<void> | undefined {
    if (this.isChunked) return this.fill(value as T[]);
    const { batcher } = this;
    const numbering = this.#numbering;
    if (this.#isDirect) batcher.grown(batcher.open.length - 1);
    else if (!numbering?.isDone()) batcher.add(value as T);
    const count = this.#isDirect ? this.#accepted - this.#paced : 1;
    this.#paced = this.#accepted;
    this.#isDirect ||= this.isPlain && numbering?.isPast === true;
    return this.pause(count);
  }

  /** Puts in at most `most` items, which become the batch where none is open: nobody else's, then. */
  putAll(read: T[]): void {
    const items = this.#open(read);
    if (items.length > 0) this.#add(items, 0, items.length, true);
  }

  /** Puts an array in, batch by batch, as the bucket makes room for it. */
  async fill(given: readonly T[]): Promise<void> {
    if (!Array.isArray(given)) fail("read chunk", "chunk", "an array", given);
    const items = this.#open(given as T[]);
    const { length } = items; // Before a load, which may be given the array as it is, can change it.
    this.#unpacked += length;
    if (length === 0) await this.pause(given.length || 1); // To read an empty one takes time too.
    let index = 0;
    while (index < length && !this.isHalted) {
      const from = index;
      const vacancy = this.#vacancy;
      if (this.batcher.isMeasured) this.#onGoOn();
      index = Math.min(length, from + vacancy);
      // A chunk is ours, and where it is a whole batch it needs no copy.
      this.#add(items, from, index, this.isChunked && from === 0 && length === vacancy);
      const pause = this.pause(index - from);
      if (pause !== undefined) await pause;
    }
  }

  /** What has to be waited for after so many items. */
  pause(items: number): Promise<void> | undefined {
    const isDue = this.#pace.isDue(items);
    return isDue || this.batcher.isFull ? this.#rest(isDue) : undefined;
  }

  /** Items that were put in so far. */
  get #accepted(): number {
    return this.batcher.closedItems + this.batcher.open.length;
  }

  /** Items that may be put in at once: those that fit into the open batch, or one to be measured. */
  get #vacancy(): number {
    const { isMeasured, batchSize, open } = this.batcher;
    return isMeasured ? 1 : batchSize - open.length;
  }

  /** Waits while the bucket is full, and lets everything else have a turn where `isDue`. */
  async #rest(isDue: boolean): Promise<void> {
    if (this.batcher.isFull && !this.isHalted) await this.batcher.room();
    if (!isDue) return;
    this.#onGoOn();
    this.batcher.checkTime();
    await nextMacrotask();
  }

  /** The items that are not finished. */
  #open(items: T[]): T[] {
    return (this.#numbering?.open(items) ?? items) as T[];
  }

  /** Adds items that fit in; with `isOurs` they may become the batch, as the array that they are. */
  #add(items: T[], from: number, to: number, isOurs: boolean): void {
    const { batcher, batcher: { open, isMeasured } } = this;
    if (isMeasured) {
      for (let index = from; index < to; index++) batcher.add(items[index]!);
      return;
    }
    const before = open.length;
    if (before === 0) batcher.open = isOurs ? items : items.slice(from, to);
    else for (let index = from; index < to; index++) open.push(items[index]!);
    batcher.grown(before);
  }
}
