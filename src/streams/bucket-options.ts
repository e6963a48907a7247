import {
  callable,
  checkOptions,
  type Complete,
  fail,
  flushOrDiscard,
  type OptionTable,
  positive,
  positiveInteger,
  type Rule,
} from "../plain-options.ts";

/** Limits of a batch: items, time, bytes, or a function of its items. */
export interface BucketOptions<T> {
  /**
   * Most items in a batch: a positive integer, or `Infinity` if another limit is finite. A stream holds
   * up to two such batches, a run up to `3 * workers + 6`. With `Infinity`, only `maxBytes` bounds
   * their size: `flushWhen` and `timeout` let them grow.
   * @default {1}, or `Infinity` with `maxBytes` or `flushWhen`; in a run, `load.batchSize` instead of 1
   */
  batchSize?: number | undefined;
  /**
   * Longest wait of the first item of a batch in milliseconds; `Infinity` sets no timer. If it is the
   * only limit, a batch whose time is up is closed even if nobody reads.
   * @default {5000}
   */
  timeout?: number | undefined;
  /**
   * Most bytes in a batch, as counted by `sizeOf`. A larger item gets a batch of its own.
   * @default {Infinity}
   */
  maxBytes?: number | undefined;
  /** Returns the size of an item in bytes, a number of at least 0. Required if `maxBytes` is finite. */
  sizeOf?: ((item: T) => number) | undefined;
  /** Returns a boolean: true if this item closes its batch. Without it, no item does. */
  flushWhen?: ((item: T) => boolean) | undefined;
  /**
   * Fate of the gathered items when the input fails: `"flush"` yields them, then the error;
   * `"discard"` yields the error alone. Also applies when `sizeOf` or `flushWhen` throws.
   * @default {"flush"}
   */
  onError?: "flush" | "discard" | undefined;
}

/** Bucket options with their defaults filled in. */
export type BucketLimits<T> = Complete<BucketOptions<T>, "sizeOf" | "flushWhen">;

const sizeOfBatch: Rule = {
  ...positiveInteger,
  test: (value) => value === Infinity || positiveInteger.test(value),
};

/** The rule and the default of each bucket option; that of `batchSize` depends on the others. */
export const bucketOptions: OptionTable<BucketOptions<never>> = {
  batchSize: [sizeOfBatch],
  timeout: [positive, 5000],
  maxBytes: [positive, Infinity],
  sizeOf: [callable],
  flushWhen: [callable],
  onError: [flushOrDiscard, "flush"],
};

/** Checks and completes the options of a bucket. */
export function checkBucketOptions<T>(action: string, options: BucketOptions<T>): BucketLimits<T> {
  const limits = checkOptions<BucketOptions<T>, "batchSize" | "sizeOf" | "flushWhen">(
    action,
    options,
    bucketOptions as OptionTable<BucketOptions<T>>,
  );
  const batchSize = batchSizeOf(action, limits);
  // Undefined is not less than anything.
  if (options.timeout! < Infinity && batchSize === 1 && limits.batchSize === undefined) {
    fail(
      action,
      "batchSize",
      "given with 'timeout', as one item never waits",
      undefined,
    );
  }
  return { ...limits, batchSize };
}

/**
 * Returns the size of a batch, by default `fallback`. Rejects a limit of bytes without `sizeOf`, and a
 * batch without a limit.
 */
export function batchSizeOf<T>(
  action: string,
  { batchSize, timeout, maxBytes, sizeOf, flushWhen }: Complete<
    Omit<BucketOptions<T>, "onError">,
    "batchSize" | "sizeOf" | "flushWhen"
  >,
  fallback = 1,
): number {
  const isMeasured = maxBytes < Infinity;
  if (isMeasured && !sizeOf) {
    fail(action, "sizeOf", "a function if 'maxBytes' is finite", sizeOf);
  }
  if (isMeasured || flushWhen !== undefined) return batchSize ?? Infinity;
  // Without a size, this is NaN.
  if (Math.min(batchSize!, timeout) === Infinity) {
    fail(
      action,
      "batchSize",
      `${positiveInteger.expected} if no other limit is finite`,
      batchSize,
    );
  }
  return batchSize ?? fallback;
}
