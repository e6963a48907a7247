import { isOf } from "../errors.ts";
import { abortSignal, checkOptions, type OptionTable } from "../options.ts";
import {
  checkRate,
  RateLimiter,
  type RateLimiterOptions,
  rateLimiterOptions,
} from "../resilience/rate-limiter.ts";
import { CallSink } from "./call-sink.ts";

/** What stops a stream with a rate limit. */
export interface RateLimitSignalOptions {
  /** Stops the stream: both sides fail with its reason. */
  signal?: AbortSignal | undefined;
}

/** How many items pass in which time. */
export interface RateLimitOptions extends RateLimiterOptions, RateLimitSignalOptions {}

const signalOptions: OptionTable<RateLimitSignalOptions> = { signal: [abortSignal] };
const rateLimitOptions: OptionTable<RateLimitOptions> = { ...rateLimiterOptions, ...signalOptions };

/**
 * Passes at most `limit` items in any window of length `interval`: `T` → `T`, in order. An item
 * counts when it is given to a read, so that a reader that was slow is not given a burst. While
 * nobody reads, nothing is taken from the limit.
 *
 * Streams that are given the same `RateLimiter` share its limit, first come, first served. An item
 * that waits is dropped when the stream is cancelled, aborted or stopped.
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
  /** Gives items. */
  readonly readable: ReadableStream<T>;
  /** Takes items. A write waits until its item is wanted, and those before it have passed. */
  readonly writable: WritableStream<T>;
  readonly #sink: CallSink<T, readonly [T]>;
  #hasDemand = false; // A read waits.
  #output!: ReadableStreamDefaultController<T>; // Set by `start`, within the constructor.

  /**
   * Makes a stream with a limit of its own.
   * @throws {ConfigurationError} If an option is missing, unknown or breaks its rule.
   */
  constructor(options: RateLimitOptions);
  /**
   * Makes a stream with the limit of a limiter, which others may share.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(limiter: RateLimiter, options?: RateLimitSignalOptions);
  constructor(rate: RateLimiter | RateLimitOptions, options: RateLimitSignalOptions = {}) {
    const action = "construct RateLimitStream";
    const isShared = isOf(rate, RateLimiter);
    const { signal, ...limits } = isShared
      ? checkOptions<RateLimitSignalOptions, "signal">(action, options, signalOptions)
      : checkRate<RateLimitOptions, "signal">(action, { ...options, ...rate }, rateLimitOptions);
    const limiter = isShared ? rate : new RateLimiter(limits as RateLimiterOptions);
    this.readable = this.#makeReadable();
    this.#sink = new CallSink<T, readonly [T]>({
      call: (item, { signal }) => {
        const passed = [item] as const; // As an item may be a promise, which is none of ours.
        // Only an item that waits costs a promise.
        return limiter.tryAcquire() ? passed : limiter.acquire(1, { signal }).then(() => passed);
      },
      limit: 1,
      signal,
      mayBegin: () => this.#hasDemand,
      onBegin: () => ([item]) => {
        this.#hasDemand = false;
        this.#output.enqueue(item); // Pulls, and so demands more, where another read waits.
      },
      onEnd: () => this.#output.close(),
      onStop: (reason) => this.#output.error(reason),
    });
    this.writable = new WritableStream<T>(this.#sink);
  }

  #makeReadable(): ReadableStream<T> {
    return new ReadableStream<T>({
      start: (output) => void (this.#output = output),
      pull: () => {
        this.#hasDemand = true;
        this.#sink.serve();
      },
      cancel: (reason) => this.#sink.cancel(reason),
    }, { highWaterMark: 0 }); // The platform then pulls only while a read waits.
  }
}
