import { nextMacrotask, Pace } from "../macrotask.ts";
import { refuse } from "../options.ts";
import type { Numbering } from "../resilience/numbering.ts";
import type { Batcher } from "./batcher.ts";
import { Chunks } from "./chunks.ts";
import { fill, handOver } from "./fill.ts";
import {
  type Answer,
  checkAnswer,
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
  #isDirect: boolean; // Items go into the open batch unseen: none of them is finished.
  readonly #pace = new Pace();
  #unpacked = 0; // Items that came in chunks.
  #paced = 0; // Items that were put in directly, and that the pace knows of.
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
    this.#isDirect = !this.#isChunked && !batcher.isMeasured && (numbering?.isPast ?? true);
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
      else await this.#read(() => source.reader.read());
      this.#isReading = false;
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

  #readAsync(iterator: AsyncIterator<unknown>): Promise<void> {
    const isPlain = !this.#isChunked && !this.#batcher.isMeasured;
    if (isPlain && isQuickGenerator<T>(iterator)) return this.#readGenerator(iterator);
    return this.#read(() => iterator.next());
  }

  /**
   * The hot path: reads whatever answers with promises. Callbacks that serve all reads take less than
   * `await`, for which V8 saves and restores the loop around each item. What costs something is for
   * the first and the last item of a batch, or when a pause may be due.
   */
  #read(next: () => Answer | PromiseLike<Answer>): Promise<void> {
    const batcher = this.#batcher;
    const turn = Promise.resolve();
    return new Promise((resolve, reject) => {
      let limit = 0;
      const ask = () => void Promise.resolve(next()).then(take, reject); // It may give no promise.
      const read = () => {
        if (this.#isStopped) return resolve();
        this.#isReading = true;
        try {
          ask();
        } catch (error) {
          reject(error);
        }
      };
      const take = (answer: Answer) => {
        try {
          const { done, value } = checkAnswer(answer);
          if (this.#isDirect && !done && !this.#isOver) {
            const size = batcher.open.push(value as T);
            if (size > 1 && size < limit) return ask();
          }
          this.#isReading = false;
          if (done || this.#isOver) return resolve();
          const pause = this.#put(value);
          limit = this.#limit;
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

  /** The same for an async generator, in the one way that Bun makes quick. */
  async #readGenerator(generator: AsyncGenerator<T>): Promise<void> {
    const batcher = this.#batcher;
    let limit = 0;
    this.#isReading = true;
    for await (const item of generator) {
      if (this.#isOver) return; // It has been returned, and may be once more.
      if (this.#isDirect) {
        const size = batcher.open.push(item);
        if (size > 1 && size < limit) continue;
      }
      this.#isReading = false;
      const pause = this.#put(item);
      limit = this.#limit;
      if (pause !== undefined) await pause;
      if (this.#isStopped) return this.#end(undefined); // Before the generator has returned.
      this.#isReading = true;
    }
  }

  /** Size of the open batch at which there is something to do for it. */
  get #limit(): number {
    const { open, vacancy } = this.#batcher;
    return open.length + Math.min(vacancy, this.#pace.step);
  }

  /** Does what is left to do for what was read; gives what to wait for before the next read. */
  #put(value: unknown): Promise<void> | undefined {
    const batcher = this.#batcher;
    const numbering = this.#numbering;
    if (this.#isChunked) return this.#fill(value as T[], true);
    if (this.#isDirect) batcher.grown(batcher.open.length - 1);
    else if (!numbering?.isDone()) batcher.add(value as T);
    const count = this.#isDirect ? batcher.accepted - this.#paced : 1;
    this.#paced = batcher.accepted;
    this.#isDirect ||= numbering?.isPast === true && !batcher.isMeasured;
    return this.#pause(count);
  }

  /** What has to be waited for after so many items: room in the bucket, or the turn of everything else. */
  #pause(items: number): Promise<void> | undefined {
    const isDue = this.#pace.isDue(items);
    return isDue || this.#batcher.isFull ? this.#rest(isDue) : undefined;
  }

  /** Waits while the bucket is full, and lets everything else have a turn where `isDue`. */
  async #rest(isDue: boolean): Promise<void> {
    if (this.#batcher.isFull && !this.#isHalted) await this.#batcher.room();
    if (!isDue) return;
    this.#batcher.checkTime();
    await nextMacrotask();
  }

  async #readSync(iterator: Iterator<unknown>): Promise<void> {
    while (!this.#isStopped) {
      if (this.#isChunked) {
        this.#isReading = true;
        const { done, value } = checkAnswer(iterator.next());
        this.#isReading = false;
        if (done) return;
        await this.#fill(value as T[], true);
      } else {
        const drawn = this.#draw(iterator as Iterator<T>);
        if (drawn === undefined) return;
        await this.#pause(drawn); // In any case, so that loads can settle and few batches wait.
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
    const numbering = this.#numbering?.isPast === false ? this.#numbering : undefined;
    const { step } = this.#pace;
    const most = Math.min(this.#batcher.vacancy, step);
    const items = new Array<T>(most); // An array that grows is copied again and again.
    let size = 0;
    let count = 0;
    this.#isReading = true; // What is thrown before it is false again is the iterator's.
    try {
      while (size < most && count < step && !this.#isStopped) {
        const { done, value } = checkAnswer(iterator.next());
        if (done) return undefined;
        count++;
        if (!numbering?.isDone()) items[size++] = value;
      }
      this.#isReading = false;
      return count;
    } finally {
      items.length = size;
      if (size > 0) handOver(this.#batcher, items);
    }
  }

  /** Puts an array in, batch by batch, as the bucket makes room for it. */
  async #fill(given: readonly T[], isChunk: boolean): Promise<void> {
    if (!Array.isArray(given)) refuse("read chunk", "chunk", "an array", given);
    const items = (this.#numbering?.open(given) ?? given) as T[];
    const { length } = items; // Before a load, which may be given the array as it is, can change it.
    if (isChunk) this.#unpacked += length;
    if (length === 0) await this.#pause(given.length || 1); // To read an empty one takes time too.
    let index = 0;
    while (index < length && !this.#isHalted && (isChunk || !this.#isStopped)) {
      const from = index;
      const { vacancy } = this.#batcher;
      index = Math.min(length, from + vacancy);
      // A chunk is ours, and where it is a whole batch it needs no copy.
      if (isChunk && length === vacancy && from === 0) handOver(this.#batcher, items);
      else fill(this.#batcher, items, from, index);
      const pause = this.#pause(index - from);
      if (pause !== undefined) await pause;
    }
  }
}
