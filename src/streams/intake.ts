import { nextMacrotask, Pace } from "../macrotask.ts";
import { refuse } from "../options.ts";
import type { Numbering } from "../resilience/numbering.ts";
import type { Batcher } from "./batcher.ts";
import { Chunks } from "./chunks.ts";
import {
  isQuickGenerator,
  type OpenSource,
  openSource,
  type Source,
  type SourceUse,
} from "./source.ts";

/** How an intake ended: by itself, or by an error of the source or of the bucket's callbacks. */
export type IntakeEnd = { readonly error: unknown } | undefined;

/**
 * Reads a source into a batcher: the read loop of everything that pulls. It rests while the bucket is
 * full, and now and then lets timers run, which a source that is always ready would starve.
 */
export class Intake<T> {
  /** Settles when a source that was given up for an error of the bucket's callbacks is cancelled. */
  released: Promise<void> | undefined;
  readonly #source: OpenSource;
  readonly #isChunked: boolean;
  readonly #batcher: Batcher<T>;
  readonly #onEnd: (end: IntakeEnd) => void;
  readonly #numbering: Numbering | undefined; // Knows what an earlier run has finished.
  readonly #pace = new Pace();
  #unpacked = 0; // Items that came in chunks.
  #refused = 0; // Items that the bucket's callbacks failed on.
  #hasBegun = false;
  #isReading = false; // A read is pending.
  #isStopped = false; // No further read.
  #isHalted = false; // Nor is what was read put in.
  #isOver = false;

  /**
   * Opens the source; `start` reads it.
   * @throws {ConfigurationError} If `source` is no source, or a stream that somebody else reads.
   */
  constructor(
    source: Source<T>,
    batcher: Batcher<T>,
    onEnd: (end: IntakeEnd) => void,
    use: SourceUse,
    numbering?: Numbering,
  ) {
    this.#source = openSource(use, source);
    this.#isChunked = source instanceof Chunks;
    this.#batcher = batcher;
    this.#onEnd = onEnd;
    this.#numbering = numbering;
  }

  /** Items read so far. */
  get extracted(): number {
    return this.#isChunked ? this.#unpacked : this.#batcher.accepted + this.#refused;
  }

  /** The items that it will give, where that is known before. */
  get total(): number | undefined {
    return this.#source.kind === "array" ? this.#source.items.length : undefined;
  }

  /** The read that is pending will not settle before the source is made to. */
  get isStuck(): boolean {
    return this.#isStopped && this.#isReading && this.#source.kind === "async";
  }

  /** Begins to read, unless it was stopped. Never rejects: what goes wrong is told by `onEnd`. */
  async start(): Promise<void> {
    if (this.#isOver) return;
    const source = this.#source;
    this.#hasBegun = true;
    try {
      if (source.kind === "array") await this.#fill(source.items as T[], false);
      else if (source.kind === "sync") await this.#readSync(source.iterator as Iterator<T>);
      else if (source.kind === "async") await this.#readAsync(source.iterator);
      else if (this.#isChunked) await this.#read(() => source.reader.read());
      else await this.#readStream(source.reader);
      this.#end(undefined);
    } catch (error) {
      const isOfSource = this.#isReading;
      this.#isReading = false;
      if (!isOfSource) this.#refused = 1;
      // One that was stopped has been cancelled, but for a sync one that its loop was to end.
      if (!isOfSource && (source.kind === "sync" || !this.#isStopped)) {
        this.#isStopped = true;
        this.released = this.#cancel(error).catch(() => {}); // The first error is the one to tell.
      }
      this.#end({ error });
    }
  }

  /**
   * Cancels the source, also while a read is pending, and ends the intake. What was read still goes
   * into the bucket, unless `isHalted`. Settles when the source has been cancelled.
   */
  async stop(reason: unknown, isHalted = false): Promise<void> {
    this.#isHalted ||= isHalted;
    if (this.#isStopped || this.#isOver) return;
    this.#isStopped = true;
    const isLooped = this.#source.kind === "array" || this.#source.kind === "sync";
    if (this.#hasBegun && isLooped) return; // It may be the caller: its loop ends it.
    const cancelled = this.#cancel(reason);
    if (this.#isReading || !this.#hasBegun) this.#end(undefined);
    await cancelled;
  }

  async #cancel(reason: unknown): Promise<void> {
    const source = this.#source;
    if (source.kind === "stream") await source.reader.cancel(reason);
    else if (source.kind === "async") await source.iterator.return?.();
    else if (source.kind === "sync") source.iterator.return?.();
  }

  #end(end: IntakeEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#source.kind === "stream") this.#source.reader.releaseLock();
    this.#onEnd(end);
  }

  /** The hot path: what costs something is done for a closed batch, or when a pause may be due. */
  async #readStream(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
    const batcher = this.#batcher;
    const numbering = this.#numbering;
    while (!this.#isStopped) {
      const { left } = this.#pace;
      let count = 0;
      for (let isClosed = false; !isClosed && count < left; count++) {
        this.#isReading = true;
        const result = await reader.read();
        this.#isReading = false;
        if (result.done || this.#isOver) return;
        isClosed = !numbering?.isDone() && batcher.add(result.value as T);
      }
      const isDue = this.#pace.isDue(count);
      if (isDue || batcher.isFull) await this.#rest(isDue);
    }
  }

  /** The same for all that gives a promise; a stream of items would pay for what others need. */
  async #read(next: () => Promise<{ done?: boolean | undefined; value?: unknown }>): Promise<void> {
    const batcher = this.#batcher;
    const numbering = this.#numbering;
    while (!this.#isStopped) {
      const { left } = this.#pace;
      let count = 0;
      for (let isClosed = false; !isClosed && count < left; count++) {
        this.#isReading = true;
        const { done, value } = checkResult(await next());
        this.#isReading = false;
        if (done || this.#isOver) return;
        if (this.#isChunked) {
          await this.#fill(value as T[], true);
          isClosed = true;
        } else isClosed = !numbering?.isDone() && batcher.add(value as T);
      }
      const isDue = this.#pace.isDue(count);
      if (isDue || batcher.isFull) await this.#rest(isDue);
    }
  }

  #readAsync(iterator: AsyncIterator<unknown>): Promise<void> {
    const isQuick = !this.#isChunked && !this.#batcher.isMeasured;
    if (isQuick && isQuickGenerator<T>(iterator)) return this.#readGenerator(iterator);
    return this.#read(() => iterator.next());
  }

  /** The same for an async generator, in the one way that Bun makes quick. */
  async #readGenerator(generator: AsyncGenerator<T>): Promise<void> {
    const batcher = this.#batcher;
    const numbering = this.#numbering;
    let { left } = this.#pace;
    let count = 0;
    this.#isReading = true;
    for await (const item of generator) {
      this.#isReading = false;
      if (this.#isOver) return; // It has been returned, and may be once more.
      count++;
      const isClosed = !numbering?.isDone() && batcher.add(item);
      if (isClosed || count >= left) {
        const isDue = this.#pace.isDue(count);
        if (isDue || batcher.isFull) await this.#rest(isDue);
        if (this.#isStopped) return this.#end(undefined); // Before the generator has returned.
        left = this.#pace.left;
        count = 0;
      }
      this.#isReading = true;
    }
    this.#isReading = false;
  }

  /** Waits while the bucket is full, and lets everything else have a turn where `isDue`. */
  async #rest(isDue: boolean): Promise<void> {
    if (this.#batcher.isFull && !this.#isHalted) await this.#batcher.room();
    if (!isDue) return;
    this.#batcher.checkTime();
    await nextMacrotask();
  }

  async #readSync(iterator: Iterator<unknown>): Promise<void> {
    const batcher = this.#batcher;
    while (!this.#isStopped) {
      let isDue: boolean;
      if (this.#isChunked) {
        this.#isReading = true;
        const { done, value } = checkResult(iterator.next());
        this.#isReading = false;
        if (done) return;
        await this.#fill(value as T[], true);
        isDue = this.#pace.isDue();
      } else {
        const state = this.#draw(iterator as Iterator<T>);
        if (state === "ended") return;
        isDue = state === "due";
      }
      if (isDue || batcher.isFull) await this.#rest(isDue);
    }
    this.#isReading = true; // What `return` throws is the iterator's.
    iterator.return?.();
  }

  /** Takes a batch from an iterator in one go, or less where it is time for a pause. */
  #draw(iterator: Iterator<T>): "ended" | "due" | "drawn" {
    const numbering = this.#numbering;
    const { left } = this.#pace;
    const most = Math.min(this.#batcher.vacancy, left);
    const items = new Array<T>(most); // An array that grows is copied again and again.
    let size = 0;
    let count = 0;
    let isEnded = false;
    this.#isReading = true; // What is thrown before it is false again is the iterator's.
    try {
      while (size < most && count < left && !this.#isStopped) {
        const { done, value } = checkResult(iterator.next());
        if (done) {
          isEnded = true;
          break;
        }
        count++;
        if (!numbering?.isDone()) items[size++] = value;
      }
      this.#isReading = false;
    } finally {
      items.length = size;
      if (size > 0) this.#batcher.adopt(items);
    }
    if (isEnded) return "ended";
    return this.#pace.isDue(count) ? "due" : "drawn";
  }

  /** Puts an array in, batch by batch, as the bucket makes room for it. */
  async #fill(given: readonly T[], isChunk: boolean): Promise<void> {
    if (!Array.isArray(given)) refuse("read chunk", "chunk", "an array", given);
    const items = (this.#numbering?.open(given) ?? given) as T[];
    const { length } = items; // Before a load, which may be given the array as it is, can change it.
    if (isChunk) this.#unpacked += length;
    if (length === 0 && this.#pace.isDue(given.length)) await this.#rest(true);
    let index = 0;
    while (index < length && !this.#isHalted && (isChunk || !this.#isStopped)) {
      const from = index;
      const { vacancy } = this.#batcher;
      index = Math.min(length, from + vacancy);
      // A chunk is ours, and where it is a whole batch it needs no copy.
      const isWhole = isChunk && length === vacancy && from === 0;
      this.#batcher.adopt(isWhole ? items : items.slice(from, index));
      const isDue = this.#pace.isDue(index - from);
      if (isDue || this.#batcher.isFull) await this.#rest(isDue);
    }
  }
}

/** Refuses what is no result of an iterator, as `for…of` does: it might go on for ever. */
function checkResult<R>(result: R): R {
  if (typeof result === "object" || typeof result === "function") return result;
  throw new TypeError("The iterator gave no object");
}
