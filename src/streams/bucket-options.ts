import {
  callable,
  checkOptions,
  type Complete,
  oneOf,
  type OptionTable,
  positive,
  positiveInteger,
  refuse,
} from "../options.ts";

/** When a batch is full, by items, by time, by size or by what an item says. */
export interface BucketOptions<T> {
  /**
   * Most items in a batch: a positive integer.
   * @default {1}
   */
  batchSize?: number | undefined;
  /**
   * Longest wait of a batch's first item in milliseconds; `Infinity` sets no timer.
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
  /** Tells whether this item closes its batch; without it none does. */
  flushWhen?: ((item: T) => boolean) | undefined;
  /**
   * What becomes of the gathered items when the input fails: `"flush"` gives them, then the error;
   * `"discard"` gives the error alone. Holds also when `sizeOf` or `flushWhen` throws.
   * @default {"flush"}
   */
  onError?: "flush" | "discard" | undefined;
}

/** Bucket options with their defaults filled in. */
export type BucketLimits<T> = Complete<BucketOptions<T>, "sizeOf" | "flushWhen">;

/** The rule and the default of each bucket option. */
export const bucketOptions: OptionTable<BucketOptions<never>> = {
  batchSize: [positiveInteger, 1],
  timeout: [positive, 5000],
  maxBytes: [positive, Infinity],
  sizeOf: [callable],
  flushWhen: [callable],
  onError: [oneOf("flush", "discard"), "flush"],
};

/** Checks and completes the options of a bucket. */
export function checkBucketOptions<T>(action: string, options: BucketOptions<T>): BucketLimits<T> {
  const table = bucketOptions as OptionTable<BucketOptions<T>>;
  const limits: BucketLimits<T> = checkOptions(action, options, table);
  checkBytes(action, limits);
  return limits;
}

/** Refuses a limit of bytes that nothing counts. */
export function checkBytes<T>(
  action: string,
  { maxBytes, sizeOf }: Pick<BucketLimits<T>, "maxBytes" | "sizeOf">,
): void {
  if (maxBytes === Infinity || sizeOf !== undefined) return;
  refuse(action, "sizeOf", "a function where 'maxBytes' is finite", sizeOf);
}
