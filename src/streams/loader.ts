import {
  abortSignal,
  callable,
  checkOptions,
  type OptionTable,
  positiveInteger,
  refuse,
} from "../options.ts";
import { type CallContext, CallSink } from "./call-sink.ts";

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
    const { workers, signal } = checkOptions<LoaderOptions, "signal">(
      action,
      options,
      loaderOptions,
    );
    const { navigator } = globalThis as { navigator?: { userAgent: string } };
    const isToldLate = navigator?.userAgent === "Cloudflare-Workers";
    super(new CallSink({ call: load, limit: workers, signal, isToldLate }));
  }
}
