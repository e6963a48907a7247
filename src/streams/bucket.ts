import { ITEMS_WITHOUT_LOOK } from "../runtime/macrotask.ts";
import { Batcher } from "./batcher.ts";
import { type BucketOptions, checkBucketOptions } from "./bucket-options.ts";
import { refuseMalformed } from "./malformed-mark.ts";

/**
 * Groups items into arrays: `T` → `T[]`. It keeps the order, loses nothing and emits no empty batch.
 *
 * A batch ends when it is full, when its first item has waited for `timeout` milliseconds, or when the
 * input closes. While nobody reads, `2 × batchSize` items are accepted, then writes wait. When the
 * input fails, `onError` sets the fate of the gathered items. Cancelling drops them.
 *
 * @example Two at a time
 * ```ts
 * import { BucketStream } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const pairs = ReadableStream.from([1, 2, 3]).pipeThrough(new BucketStream({ batchSize: 2 }));
 * deepEqual(await Array.fromAsync(pairs), [[1, 2], [3]]);
 * ```
 */
export class BucketStream<T> implements TransformStream<T, T[]> {
  /** Yields batches. A batch whose time is up while nobody reads goes to the next read. */
  declare readonly readable: ReadableStream<T[]>;
  /** Accepts items. While nobody reads, one batch waits and one more fills, then writes wait. */
  declare readonly writable: WritableStream<T>;
  readonly #batcher: Batcher<T>;
  readonly #onError: "flush" | "discard";
  #writes = 0;
  #hasDemand = false; // A read waits.
  #held: ((refusal?: Promise<never>) => void) | undefined; // The write that waits for room.
  #finish: (() => void) | undefined; // Left to do after the end of the input.
  #input!: WritableStreamDefaultController; // Both are set by `start`, within the constructor.
  #output!: ReadableStreamDefaultController<T[]>;

  /**
   * Creates an empty bucket.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(options: BucketOptions<T> = {}) {
    const limits = checkBucketOptions("construct BucketStream", options);
    this.#onError = limits.onError;
    this.#batcher = new Batcher(limits, () => this.#pump());
    this.readable = new ReadableStream<T[]>({
      start: (output) => void (this.#output = output),
      pull: () => {
        this.#hasDemand = true;
        this.#pump();
      },
      cancel: (reason) => {
        this.#hasDemand = false; // The item being written must not go to a closed stream.
        this.#held?.(Promise.reject(reason));
        this.#end("discard", () => this.#input.error(reason));
      },
    }, { highWaterMark: 0 }); // So the platform pulls only while a read waits.
    this.writable = new WritableStream<T>({
      start: (input) => void (this.#input = input),
      write: (item) => this.#write(item),
      close: () => this.#end("flush", () => this.#output.close()),
      abort: (reason) => this.#fail(reason),
    });
    // The platform calls `abort` only after the write in flight, which may be held.
    this.#input.signal.addEventListener("abort", () => this.#held?.());
  }

  #write(item: T): void | Promise<void> {
    // A source that is always ready starves timers.
    if (++this.#writes % ITEMS_WITHOUT_LOOK === 0) this.#batcher.checkTime();
    if (!this.#batcher.isFull) return this.#add(item);
    return new Promise((resolve) => {
      this.#held = (refusal) => {
        this.#held = undefined;
        resolve(refusal ?? new Promise((added) => added(this.#add(item))));
      };
    });
  }

  #add(item: T): void {
    try {
      refuseMalformed(item);
      this.#batcher.add(item);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Hands a batch to a waiting read, which makes room. Ends the output once nothing is left. */
  #pump(): void {
    const batch = this.#hasDemand && this.#batcher.take();
    if (batch) {
      this.#hasDemand = false;
      this.#output.enqueue(batch);
      this.#held?.();
    }
    // `error` would drop a batch that an abandoned read has left in the platform's queue.
    if (this.#finish && this.#batcher.isEmpty && this.#output.desiredSize === 0) {
      this.#finish();
      this.#finish = undefined;
    }
  }

  /** Fails with the error of the input, or of a callback. */
  #fail(error: unknown): void {
    this.#end(this.#onError, () => this.#output.error(error));
  }

  /** Ends the input: the gathered items are flushed or discarded, then `finish` runs. */
  #end(how: "flush" | "discard", finish: () => void): void {
    this.#finish = finish;
    this.#batcher[how]();
    this.#pump();
  }
}
