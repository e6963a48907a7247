import {
  abortSignal,
  callable,
  checkOptions,
  type Complete,
  nonNegative,
  type OptionTable,
  positive,
  positiveInteger,
} from "../options.ts";
import type { RunSnapshot } from "../run-report.ts";
import { type BucketOptions, bucketOptions, checkBytes } from "../streams/bucket-options.ts";

/** How a run batches, how much it does at once, and how it stops. */
export interface RunOptions<E> extends BucketOptions<E> {
  /**
   * Batches loaded at once: a positive integer. With one worker, batches are loaded in order.
   * @default {1}
   */
  workers?: number | undefined;
  /**
   * Calls of `transform` in flight for each batch: a positive integer.
   * @default {16}
   */
  concurrency?: number | undefined;
  /**
   * Drains the run when it aborts: the source is cancelled, what was read is loaded, then the run
   * rejects with `CancelledError`. One that is aborted already lets nothing begin.
   */
  signal?: AbortSignal | undefined;
  /**
   * Longest time for draining in milliseconds, a number of at least 0. After it the signal of the
   * callbacks aborts and no further call begins. `0` aborts at once, `Infinity` never.
   * @default {10_000}
   */
  drainTimeout?: number | undefined;
  /**
   * Longest wait for callbacks that do not heed their signal, in milliseconds, a number of at least
   * 0. After it their items are reported as pending.
   * @default {5000}
   */
  abortTimeout?: number | undefined;
  /**
   * Told how far the run is. It must not throw: what it throws is reported as an uncaught error,
   * and does not change the run.
   */
  onProgress?: ((snapshot: RunSnapshot) => void) | undefined;
  /**
   * Time between two calls of `onProgress` in milliseconds, a number above 0.
   * @default {1000}
   */
  progressInterval?: number | undefined;
}

/** Run options with their defaults filled in. */
export type RunSettings<E> = Complete<
  RunOptions<E>,
  "sizeOf" | "flushWhen" | "signal" | "onProgress"
>;

/** The rule and the default of each run option. */
export const runOptions: OptionTable<RunOptions<never>> = {
  ...bucketOptions,
  workers: [positiveInteger, 1],
  concurrency: [positiveInteger, 16],
  signal: [abortSignal],
  drainTimeout: [nonNegative, 10_000],
  abortTimeout: [nonNegative, 5000],
  onProgress: [callable],
  progressInterval: [positive, 1000],
};

/** Checks and completes the options of a run; what they leave open comes from the `layers`. */
export function checkRunOptions<E>(
  action: string,
  options: RunOptions<E>,
  ...layers: readonly RunOptions<never>[]
): RunSettings<E> {
  const table = runOptions as OptionTable<RunOptions<E>>;
  const settings: RunSettings<E> = checkOptions(action, options, table, ...layers);
  checkBytes(action, settings);
  return settings;
}
