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
   * Number of loads at the same time: a positive integer.
   * @default {1}
   */
  workers?: number | undefined;
  /** Stops the stream at once: the signal of the loads aborts, and the stream fails with its reason. */
  signal?: AbortSignal | undefined;
}

const loaderOptions: OptionTable<LoaderOptions> = {
  workers: [positiveInteger, 1],
  signal: [abortSignal],
  ...inputErrorOptions,
};

/**
 * Loads the batches written to it, several at the same time. A write waits for a free worker; close
 * waits for all workers.
 *
 * The first failed load aborts the `signal` of the others, no further load begins, and a `pipeTo`
 * rejects with the user's own error. When the input fails or the stream is aborted, running loads
 * finish before `pipeTo` or `abort()` settles, so that all items read are loaded. With
 * `onError: "discard"`, their `signal` aborts at once. All loads share that one `signal`: remove a
 * listener when its load is done, and do not assign `signal.onabort`.
 *
 * On workerd, a stream that fails while nothing is written reports it at the next write or close, as
 * `pipeTo` there mistakes a stream that fails on its own for a healthy one.
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
   * Creates a stream that loads with `load`, which may be sync or async.
   * @throws {ConfigurationError} If `load` is not a function, or an option is unknown or breaks its rule.
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
