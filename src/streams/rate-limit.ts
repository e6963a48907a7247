import { isOf } from "../errors.ts";
import { abortSignal, checkOptions, type OptionTable } from "../plain-options.ts";
import {
  checkRate,
  RateLimiter,
  type RateLimiterOptions,
  rateLimiterOptions,
} from "./rate-limiter.ts";
import { CallSink, type Failure, type InputErrorOptions, inputErrorOptions } from "./call-sink.ts";

/** Options that stop a stream with a rate limit. */
export interface RateLimitSignalOptions extends InputErrorOptions {
  /** Stops the stream at once: both sides fail with its reason, and a waiting item is dropped. */
  signal?: AbortSignal | undefined;
}

/** Limit of a `RateLimitStream`: its own, or a shared one. */
export interface RateLimitOptions extends RateLimiterOptions, RateLimitSignalOptions {}

const signalOptions: OptionTable<RateLimitSignalOptions> = {
  signal: [abortSignal],
  ...inputErrorOptions,
};
const rateLimitOptions: OptionTable<RateLimitOptions> = { ...rateLimiterOptions, ...signalOptions };

/**
 * Passes at most `limit` items in any window of length `interval`: `T` → `T`, in order. An item counts
 * when it is delivered to a read, so a reader that was slow gets no burst. While nobody reads, the
 * limit is not used.
 *
 * Streams with the same `RateLimiter` share its limit, first come, first served. When the input fails
 * or is aborted, a waiting item is delivered before the error; with `onError: "discard"` it is dropped,
 * as it is when the stream is cancelled or stopped.
 *
 * @example Ten in any 20 ms
 * ```ts
 * import { RateLimitStream } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const limited = ReadableStream.from([1, 2, 3])
 *   .pipeThrough(new RateLimitStream({ limit: 10, interval: 20 }));
 * deepEqual(await Array.fromAsync(limited), [1, 2, 3]);
 * ```
 */
export class RateLimitStream<T> implements TransformStream<T, T> {
  /** Yields items. */
  declare readonly readable: ReadableStream<T>;
  /** Accepts items. A write waits until its item is wanted, and those before it have passed. */
  declare readonly writable: WritableStream<T>;
  readonly #sink: CallSink<T, readonly [T]>;
  #failure: Failure | undefined; // Reported after all items.
  #hasDemand = false; // A read waits.
  #output!: ReadableStreamDefaultController<T>; // Set by `start`, within the constructor.

  /**
   * Creates a stream with its own limit.
   * @throws {ConfigurationError} If an option is missing, unknown or breaks its rule.
   */
  constructor(options: RateLimitOptions);
  /**
   * Creates a stream with the limit of a limiter, which others may share.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(limiter: RateLimiter, options?: RateLimitSignalOptions);
  constructor(rate: RateLimiter | RateLimitOptions, options: RateLimitSignalOptions = {}) {
    const action = "construct RateLimitStream";
    const isShared = isOf(rate, RateLimiter);
    const { signal, onError, ...limits } = isShared
      ? checkOptions<RateLimitSignalOptions, "signal">(action, options, signalOptions)
      : checkRate<RateLimitOptions, "signal">(action, { ...options, ...rate }, rateLimitOptions);
    const limiter = isShared ? rate : new RateLimiter(limits as RateLimiterOptions);
    this.readable = this.#makeReadable();
    this.#sink = new CallSink<T, readonly [T]>({
      call: (item, { signal }) => {
        const passed = [item] as const; // As an item may itself be a promise.
        // Only a waiting item costs a promise.
        return limiter.tryAcquire() ? passed : limiter.acquire(1, { signal }).then(() => passed);
      },
      limit: 1,
      signal,
      onError,
      mayBegin: () => this.#hasDemand,
      onBegin: () => ([item]) => {
        this.#hasDemand = false;
        this.#output.enqueue(item); // Pulls, and so demands more if another read waits.
      },
      onEnd: (failure) => {
        this.#failure = failure;
        if (failure === undefined) this.#output.close();
        else this.#tell();
      },
      onStop: (error) => this.#output.error(error),
    });
    this.writable = new WritableStream<T>(this.#sink);
  }

  #makeReadable(): ReadableStream<T> {
    return new ReadableStream<T>({
      start: (output) => void (this.#output = output),
      pull: () => {
        this.#hasDemand = true;
        this.#sink.pump();
        this.#tell();
      },
      cancel: (reason) => this.#sink.cancel(reason),
    }, { highWaterMark: 0 }); // So the platform pulls only while a read waits.
  }

  /** Fails, unless an abandoned read has left an item in the platform's queue: `error` drops it. */
  #tell(): void {
    if (this.#failure === undefined || this.#output.desiredSize !== 0) return;
    this.#output.error(this.#failure.error);
  }
}
