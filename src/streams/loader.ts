import {
  abortSignal,
  callable,
  checkOptions,
  fail,
  type OptionTable,
  positiveInteger,
} from "../plain-options.ts";
import { isWorkerd } from "../runtime/detect.ts";
import {
  type CallContext,
  CallSink,
  type InputErrorOptions,
  inputErrorOptions,
} from "./call-sink.ts";

/** Options of a `LoaderStream`. */
export interface LoaderOptions extends InputErrorOptions {
  /**
   * Loads at once: a positive integer.
   * @default {1}
   */
  workers?: number | undefined;
  /** Stops the stream at once: the signal of the loads aborts, and it fails with its reason. */
  signal?: AbortSignal | undefined;
}

const loaderOptions: OptionTable<LoaderOptions> = {
  workers: [positiveInteger, 1],
  signal: [abortSignal],
  ...inputErrorOptions,
};

/**
 * Loads what is written to it, several batches at once. A write waits for a free worker, close waits
 * for all of them.
 *
 * The first load that fails aborts the `signal` of the others, no further load begins, and a `pipeTo`
 * rejects with the user's own error. When the input fails, or the stream is aborted, running loads
 * finish before a `pipeTo` or `abort()` settles, so that all that was read is loaded; with
 * `onError: "discard"` their `signal` aborts at once. All loads share that one `signal`: remove a
 * listener when its load is done, and do not assign `signal.onabort`.
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
    if (!callable.test(load)) fail(action, "load", callable.expected, load);
    const { workers, signal, onError } = checkOptions<LoaderOptions, "signal">(
      action,
      options,
      loaderOptions,
    );
    super(new CallSink({ call: load, limit: workers, signal, onError, isToldLate: isWorkerd() }));
  }
}
