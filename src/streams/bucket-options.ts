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

/** When a batch is full, by items, by time, by size or by what an item says. */
export interface BucketOptions<T> {
  /**
   * Most items in a batch: a positive integer, or `Infinity` where another limit is finite. A stream
   * holds up to two such batches, a run up to `3 * workers + 6` of them; with `Infinity` these are as
   * large as `maxBytes`, `flushWhen` or `timeout` let them become, which only `maxBytes` bounds.
   * @default {1}, or `Infinity` where `maxBytes` or `flushWhen` is given; in a run `load.batchSize` in place of 1
   */
  batchSize?: number | undefined;
  /**
   * Longest wait of a batch's first item in milliseconds; `Infinity` sets no timer. Where it is the
   * only limit, a batch whose time is up is closed, although nobody reads.
   * @default {5000}
   */
  timeout?: number | undefined;
  /**
   * Most bytes in a batch, as `sizeOf` counts them. An item above it travels alone.
   * @default {Infinity}
   */
  maxBytes?: number | undefined;
  /** The size of an item in bytes, a number of at least 0. Needed when `maxBytes` is finite. */
  sizeOf?: ((item: T) => number) | undefined;
  /** Answers with a boolean whether this item closes its batch; without it none does. */
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
  // Undefined is less than nothing.
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

/** The size of a batch, that of `fallback` where nothing limits it; refuses a limit of bytes that nothing counts, and a batch without a limit. */
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
  // Where no size is given, this is NaN.
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
