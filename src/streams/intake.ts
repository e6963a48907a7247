import { isOf } from "../errors.ts";
import type { OffsetTracker } from "../checkpoints/offset-tracker.ts";
import type { Batcher } from "./batcher.ts";
import { Chunks } from "./chunks.ts";
import { Feed } from "./feed.ts";
import {
  type Answer,
  type AsyncSource,
  checkAnswer,
  type OpenSource,
  openSource,
  quickIterable,
  type Source,
  type SourceUse,
} from "./source.ts";

/** How an intake ended: by itself, or by an error of the source or of the bucket's callbacks. */
export type IntakeEnd = { readonly error: unknown } | undefined;

/** Who is told of what an intake does. */
export interface IntakeListener {
  /** It goes on after it has waited, or after what was left to do for a batch. */
  onGoOn(): unknown;
  /** It is over. */
  onEnd(end: IntakeEnd): void;
}

/**
 * Reads a source into a batcher: the read loop of everything that pulls. It rests while its feed has
 * it wait.
 */
export class Intake<T> {
  /** Settles when a source that was given up for an error of the bucket's callbacks is cancelled. */
  released: Promise<void> | undefined;
  readonly #source: OpenSource;
  readonly #feed: Feed<T>;
  readonly #listener: IntakeListener;
  #hasBegun = false;
  #isReading = false;
  #isStopped = false; // No further read.
  #isOver = false;

  /**
   * Opens the source; `start` reads it.
   * @throws {ConfigurationError} If `source` is no source, or a stream that somebody else reads.
   */
  constructor(
    source: Source<T>,
    batcher: Batcher<T>,
    listener: IntakeListener,
    use: SourceUse,
    numbering?: OffsetTracker,
  ) {
    this.#source = openSource(use, source);
    const isChunked = isOf(source, Chunks);
    this.#feed = new Feed(batcher, isChunked, numbering, () => listener.onGoOn());
    this.#listener = listener;
  }

  /** Items read so far. */
  get extracted(): number {
    return this.#feed.extracted;
  }

  /** The items that it will give, where that is known before. */
  get total(): number | undefined {
    return this.#source.kind === "array" ? this.#source.items.length : undefined;
  }

  /** A read is pending. */
  get isReading(): boolean {
    return this.#isReading;
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
      if (source.kind === "array") await this.#feed.fill(source.items as T[]);
      else if (source.kind === "sync") await this.#readSync(source.iterator as Iterator<T>);
      else await this.#readAsync(source);
      this.#isReading = false;
      this.#end(undefined);
    } catch (error) {
      const isOfSource = this.#isReading;
      this.#isReading = false;
      if (!isOfSource) this.#feed.refused = 1;
      // One that was stopped has been cancelled, but for a sync one that its loop was to end.
      if (!isOfSource && (source.kind === "sync" || !this.#isStopped)) {
        this.#isStopped = true;
        this.released = this.#cancel(error).catch(() => {}); // The first error is the one to tell.
      }
      this.#end({ error });
    }
  }

  /**
   * Cancels the source, also while a read is pending, and ends the intake. The rest of a chunk still
   * goes into the bucket, unless `isHalted`; of an array it does not. Settles when the source has
   * been cancelled.
   */
  async stop(reason: unknown, isHalted = false): Promise<void> {
    const { kind } = this.#source;
    this.#feed.isHalted ||= isHalted || kind === "array"; // Of an array the rest is not read.
    if (this.#isStopped || this.#isOver) return;
    this.#isStopped = true;
    const isLooped = kind === "array" || kind === "sync";
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
    this.#listener.onEnd(end);
  }

  #begin(): void {
    this.#isReading = true;
    this.#listener.onGoOn();
  }

  #readAsync(source: AsyncSource): Promise<void> {
    const quick = this.#feed.isPlain ? quickIterable(source) : undefined;
    if (quick !== undefined) return this.#readQuick(quick as AsyncIterable<T>);
    const isStream = source.kind === "stream";
    return this.#read(isStream ? () => source.reader.read() : () => source.iterator.next());
  }

  /**
   * The hot path: reads whatever answers with promises. Callbacks that serve all reads take less than
   * `await`, for which V8 saves and restores the loop around each item. What costs something is for
   * the first and the last item of a batch, or when a pause may be due.
   */
  #read(next: () => Answer | PromiseLike<Answer>): Promise<void> {
    const feed = this.#feed;
    const { batcher } = feed;
    const turn = Promise.resolve();
    return new Promise((resolve, reject) => {
      let limit = 0;
      const ask = () => void Promise.resolve(next()).then(take, reject); // It may give no promise.
      const read = () => {
        if (this.#isStopped) return resolve();
        this.#begin();
        try {
          ask();
        } catch (error) {
          reject(error);
        }
      };
      const take = (answer: Answer) => {
        try {
          const { done, value } = checkAnswer(answer);
          if (feed.isDirect && !done && !this.#isOver) {
            const size = batcher.open.push(value as T);
            if (size > 1 && size < limit) return ask();
          }
          this.#isReading = false;
          if (done || this.#isOver) return resolve();
          const pause = feed.put(value);
          limit = feed.limit;
          if (pause !== undefined) pause.then(read, reject);
          // A read that comes a turn after the last one finds a stream's next item in its queue.
          else if (batcher.open.length === 0) turn.then(read);
          else read();
        } catch (error) {
          reject(error);
        }
      };
      read();
    });
  }

  /** The same by `for await`, where that is quicker. */
  async #readQuick(items: AsyncIterable<T>): Promise<void> {
    const feed = this.#feed;
    const { batcher } = feed;
    let limit = 0;
    this.#begin();
    for await (const item of items) {
      if (this.#isOver) return; // It has been returned, and may be once more.
      if (feed.isDirect) {
        const size = batcher.open.push(item);
        if (size > 1 && size < limit) continue;
      }
      this.#isReading = false;
      const pause = feed.put(item);
      limit = feed.limit;
      if (pause !== undefined) await pause;
      if (this.#isStopped) return this.#end(undefined); // Before the generator has returned.
      this.#begin();
    }
  }

  async #readSync(iterator: Iterator<unknown>): Promise<void> {
    while (!this.#isStopped) {
      if (this.#feed.isChunked) {
        this.#begin();
        const { done, value } = checkAnswer(iterator.next());
        this.#isReading = false;
        if (done) return;
        await this.#feed.put(value);
      } else {
        const drawn = this.#draw(iterator as Iterator<T>);
        if (drawn === undefined) return;
        await this.#feed.pause(drawn); // In any case, so that loads can settle and few batches wait.
      }
    }
    this.#isReading = true; // What `return` throws is the iterator's.
    iterator.return?.();
  }

  /**
   * Takes a batch from an iterator in one go, or less where it is time to look at the clock. Gives
   * how many items it took; `undefined` at the end.
   */
  #draw(iterator: Iterator<T>): number | undefined {
    const { most } = this.#feed;
    const items = new Array<T>(most); // An array that grows is copied again and again.
    let size = 0;
    this.#begin(); // What is thrown before the read is over is the iterator's.
    try {
      while (size < most && !this.#isStopped) {
        const { done, value } = checkAnswer(iterator.next());
        if (done) return undefined;
        items[size++] = value;
      }
      this.#isReading = false;
      return size;
    } finally {
      if (size < most) items.length = size; // To set it costs something even where it stays.
      this.#feed.putAll(items);
    }
  }
}
