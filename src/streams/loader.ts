import {
  abortSignal,
  callable,
  checkOptions,
  type OptionTable,
  positiveInteger,
  refuse,
} from "../options.ts";
import { follow } from "../signals.ts";
import type { CallContext } from "./parallel-map.ts";
import { TaskGroup } from "./task-group.ts";

/** How a loader calls. */
export interface LoaderOptions {
  /**
   * Loads at once: a positive integer.
   * @default {1}
   */
  workers?: number | undefined;
  /** Stops the stream: it fails with its reason. */
  signal?: AbortSignal | undefined;
}

const loaderOptions: OptionTable<LoaderOptions> = {
  workers: [positiveInteger, 1],
  signal: [abortSignal],
};

/**
 * Loads what is written to it, several batches at once. A write waits for a free worker, close waits
 * for all of them.
 *
 * The first failure wins: it aborts the `signal` of the other loads, no further load begins, and a
 * `pipeTo` rejects with the user's own error. Aborting fires that `signal` at once, and settles when
 * no load is running.
 *
 * On workerd a stream that fails while nothing is written says so at the next write or close, since
 * `pipeTo` takes one that fails on its own for one that is fine.
 *
 * @example Two batches at once
 * ```ts
 * import { batched, LoaderStream } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const sums: number[] = [];
 * const loader = new LoaderStream(async (batch: number[]) => {
 *   sums.push(batch.reduce((sum, n) => sum + n));
 * }, { workers: 2 });
 * await batched([1, 2, 3, 4], { batchSize: 2 }).pipeTo(loader);
 * deepEqual(sums, [3, 7]);
 * ```
 */
export class LoaderStream<B> extends WritableStream<B> {
  /**
   * Makes a stream that loads by `load`, which may be sync or async.
   * @throws {ConfigurationError} If `load` is no function, or an option is unknown or breaks its rule.
   */
  constructor(
    load: (batch: B, context: CallContext) => unknown,
    options: LoaderOptions = {},
  ) {
    const action = "construct LoaderStream";
    if (!callable.holds(load)) refuse(action, "load", callable.words, load);
    super(
      new LoaderSink(load, checkOptions<LoaderOptions, "signal">(action, options, loaderOptions)),
    );
  }
}

/** The sink of a loader: the platform calls its methods. */
class LoaderSink<B> {
  readonly #load: (batch: B, context: CallContext) => unknown;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = new AbortController(); // Of the loads.
  readonly #group: TaskGroup;
  #input!: WritableStreamDefaultController; // Set by `start`, within the constructor of the stream.
  #unfollow = () => {};
  #calls = 0;
  #failure: { error: unknown } | undefined;
  #held: { begin(): void; reject(reason: unknown): void } | undefined; // The write that waits.
  #closing: { resolve(): void; reject(reason: unknown): void } | undefined;

  constructor(
    load: (batch: B, context: CallContext) => unknown,
    { workers, signal }: { workers: number; signal: AbortSignal | undefined },
  ) {
    this.#load = load;
    this.#signal = signal;
    this.#group = new TaskGroup(workers, (error) => this.#fail(error));
  }

  start(input: WritableStreamDefaultController): void {
    this.#input = input;
    // The platform calls `abort` only after the write in flight, which may be held, and never
    // while the stream closes.
    input.signal.addEventListener("abort", () => this.#halt(input.signal.reason));
    this.#unfollow = follow(this.#signal, (reason) => this.#fail(reason));
  }

  write(batch: B): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#group.hasRoom) return this.#begin(batch);
    return new Promise((resolve, reject) => {
      const begin = () => resolve(new Promise((begun) => begun(this.#begin(batch))));
      this.#held = { begin, reject };
    });
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      this.#closing = { resolve, reject };
      this.#serve();
    });
  }

  abort(): Promise<void> {
    return this.#group.idle();
  }

  #begin(batch: B): void {
    const index = this.#calls++;
    const context = { signal: this.#abort.signal, index };
    this.#group.run(() => this.#load(batch, context), () => this.#serve());
    // Where the load has thrown, the write has to reject for `pipeTo` to see it on workerd.
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Lets go on what waited for a load to end. */
  #serve(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.begin();
    if (this.#closing === undefined || this.#group.running > 0) return;
    this.#unfollow();
    this.#closing.resolve();
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return; // The first failure is told.
    this.#stop(error);
    const { navigator } = globalThis as { navigator?: { userAgent: string } };
    if (navigator?.userAgent !== "Cloudflare-Workers") this.#input.error(error);
  }

  /** Stops; a close that waits is refused once no load is running. */
  #halt(reason: unknown): void {
    const closing = this.#closing;
    this.#closing = undefined;
    this.#stop(reason);
    this.#group.idle().then(() => closing?.reject(reason));
  }

  /** Begins no further load and aborts those that run; settles what waits. */
  #stop(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error: reason };
    this.#unfollow();
    this.#abort.abort(reason);
    this.#held?.reject(reason);
    this.#held = undefined;
    this.#closing?.reject(reason);
  }
}
