import { isOf } from "../errors.ts";
import {
  abortSignal,
  anyObject,
  callable,
  checkOptions,
  type Complete,
  nonEmptyString,
  nonNegative,
  oneOf,
  type OptionTable,
  positive,
  positiveInteger,
  positiveIntegerOrInfinity,
  type Rule,
  truthValue,
} from "../options.ts";
import type { CheckpointStore } from "../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import { deadLetterLimit, deadLetterTarget } from "../dead-letters/dead-letter-writer.ts";
import {
  checkRate,
  RateLimiter,
  type RateLimiterOptions,
  rateLimiterOptions,
} from "../streams/rate-limiter.ts";
import type { RetryOptions, RetrySettings } from "../retry/retry.ts";
import type { Guarantee, RunSnapshot, StageName } from "../report-types.ts";
import { batchSizeOf, type BucketOptions, bucketOptions } from "../streams/bucket-options.ts";
import { type Amount, totalAmount } from "./amount.ts";
import { batchSizeOfLoad, type Pipeline } from "./pipeline.ts";
import { checkBudget, type RunBudget } from "./run-budget.ts";
import { checkRetry, type RetryByStage } from "./retry-by-stage.ts";
import type { RunObserver } from "./run-event.ts";

/** Options of a run. */
export interface RunOptions<E> extends BucketOptions<E> {
  /**
   * Number of batches loaded at the same time: a positive integer. One worker loads them in order.
   * @default {1}
   */
  workers?: number | undefined;
  /**
   * Number of `transform` calls in flight for each batch: a positive integer.
   * @default {16}
   */
  concurrency?: number | undefined;
  /**
   * Drains the run when it aborts: the source is cancelled, items already read are loaded, then the
   * run rejects with `CancelledError`. If it is already aborted, nothing begins.
   */
  signal?: AbortSignal | undefined;
  /**
   * Longest time for draining in milliseconds, a number of at least 0. After it, the signal of the
   * callbacks aborts and no further call begins. `0` aborts at once, `Infinity` never.
   * @default {10_000}
   */
  drainTimeout?: number | undefined;
  /**
   * Longest wait for callbacks that ignore their signal, in milliseconds, a number of at least 0.
   * After it, their items are reported as pending.
   * @default {5000}
   */
  abortTimeout?: number | undefined;
  /**
   * Retry rules for a failed `transform` (of an item) or `load` (of a batch): for both, or
   * `{ extract, transform, load }`. Without them a failure is final. The rules for `load` also apply to
   * calls of the checkpoint store and to letters of `sink.deadLetters()`.
   */
  retry?: RetryOptions | RetryByStage | undefined;
  /**
   * Longest time of one call of `transform` or `load` in milliseconds, a number above 0, unless
   * `retry` sets it. After it, the signal of the call aborts and the call has failed.
   * @default {Infinity}
   */
  attemptTimeout?: number | undefined;
  /**
   * Receives the items that are given up on, so that they do not fail the run. A stream that you
   * pass stays yours: the run only locks it, and you close it. The run closes a stream that it gets
   * by calling your function. If a letter cannot be written, the run fails.
   */
  deadLetters?:
    | WritableStream<DeadLetter<E>>
    | (() => WritableStream<DeadLetter<E>>)
    | undefined;
  /**
   * Handling of a batch whose load fails for good, with `deadLetters`: `"bisect"` halves it until
   * the offending items are isolated, `"none"` gives up on the whole batch.
   * @default {"bisect"}
   */
  isolate?: "bisect" | "none" | undefined;
  /**
   * Most loads of parts of one batch: a positive integer or `Infinity`. Once they are used up,
   * parts that still fail are given up on as a whole.
   * @default {1000}
   */
  isolationBudget?: number | undefined;
  /**
   * Most dead letters of a run: a non-negative integer or `Infinity`, or `{ ratio, window }`, the
   * largest share of the last `window` items. One more fails the run.
   * @default {Infinity}
   */
  maxDeadLetters?: number | { ratio: number; window: number } | undefined;
  /**
   * Stores which items are finished, so that the next run resumes there. Rejected if the source may
   * not yield the same items in the same order again: if `replayable` is `false`, and with
   * `acknowledge` unless it is `true`.
   */
  checkpoints?: CheckpointStore | undefined;
  /**
   * Returns the cursor of an item, which is stored with the last finished item; `extract` can begin
   * after it. Called once for each item. The cursor must tell one item from the next and survive
   * JSON: anything else, such as `undefined` or a promise, fails the run before the item is loaded.
   */
  position?: ((item: E) => unknown) | undefined;
  /**
   * Way to resume from a checkpoint: `"skip"` reads the source again from its start and drops
   * finished items; `"source"` trusts `extract` to begin after `context.checkpoint`.
   * @default {"skip"}
   */
  resume?: "skip" | "source" | undefined;
  /** Name of the part of the source that the run reads. Each part has its own checkpoint. */
  partition?: string | undefined;
  /**
   * Time for which a dead run keeps other runs out, in milliseconds, above 0. A live run renews its
   * claim three times within it. `Infinity`: until you remove the claim from the store.
   * @default {1000}
   */
  lease?: number | undefined;
  /**
   * Least time between two writes to the store in milliseconds, a number of at least 0. The final
   * write is always made. After a crash, items loaded since the last write are loaded again. Sinks
   * that commit the checkpoint with their rows still do so with each load.
   * @default {0}
   */
  checkpointInterval?: number | undefined;
  /**
   * Fate of the checkpoint of a run that completes: with `"forget"` nothing counts as finished any
   * more, and the next run starts over.
   * @default {"keep"}
   */
  whenCompleted?: "keep" | "forget" | undefined;
  /**
   * Version of the source, such as an ETag, stored in the checkpoint. A run is rejected if it finds
   * the checkpoint of another version in which something is finished.
   */
  fingerprint?: string | undefined;
  /**
   * Limits after which the run stops by itself, with the outcome `"paused"`. It reads no more, and loads the
   * items already read, however long that takes. The budget is checked when a batch is full or its `timeout`
   * is over. The run always waits for the first batch, so each of several runs advances by at least one
   * batch. Rereading the items that earlier runs finished costs only time.
   */
  budget?: RunBudget | undefined;
  /** Guarantee to assert: a run that cannot deliver it is rejected before it starts. */
  guarantee?: Guarantee | undefined;
  /**
   * Most items loaded within any `interval` milliseconds. Several pipelines can share a
   * `RateLimiter`. No batch is larger than `limit`.
   */
  rateLimit?: RateLimiterOptions | RateLimiter | undefined;
  /**
   * Number of items in the whole source, including those that earlier runs finished: a number of at least 0,
   * or a function that returns it or a promise of it. Or `{ bytes }`, if the source has a property
   * `bytesRead`, as the readers of this package do. With it, snapshots contain the time left.
   *
   * A function is called when the run begins, with a signal that aborts when the result is no
   * longer needed. If it does not return a promise, it is called again for each snapshot and may
   * return `undefined` at first. Its errors are reported to the observer, and the run continues.
   */
  total?: Amount | { readonly bytes: Amount } | undefined;
  /**
   * If true, the report contains data for charts of the run: at most 512 batches, however many there were.
   * @default {false}
   */
  trace?: boolean | undefined;
  /** Called with each event of the run. Its exceptions and rejections are ignored. */
  observer?: RunObserver | undefined;
  /**
   * Time without progress after which the observer is notified that the run has stalled, in
   * milliseconds: a number above 0.
   * @default {Infinity}
   */
  stallTimeout?: number | undefined;
  /**
   * Called with the progress of the run. It must not throw: an exception is reported as an uncaught
   * error and does not change the run.
   */
  onProgress?: ((snapshot: RunSnapshot) => void) | undefined;
  /**
   * Time between two calls of `onProgress` in milliseconds, a number above 0.
   * @default {1000}
   */
  progressInterval?: number | undefined;
}

/** Options without a default. */
export type OpenRunOptions =
  | "batchSize"
  | "sizeOf"
  | "flushWhen"
  | "signal"
  | "deadLetters"
  | "checkpoints"
  | "position"
  | "partition"
  | "fingerprint"
  | "budget"
  | "guarantee"
  | "total"
  | "observer"
  | "onProgress";

/** Run options with their defaults filled in. */
export interface RunSettings<E> extends
  Omit<
    Complete<RunOptions<E>, OpenRunOptions>,
    "batchSize" | "retry" | "attemptTimeout" | "rateLimit"
  > {
  /** Most items in a batch. */
  readonly batchSize: number;
  /** Retry rules and time limits of calls. */
  readonly retry: Readonly<Record<StageName, RetrySettings>>;
  /** Limiter of the loads. */
  readonly rateLimit: RateLimiter | undefined;
}

const checkpointStore: Rule = {
  expected: "a CheckpointStore, with 'read' and 'write'",
  test: (value) =>
    anyObject.test(value) && callable.test((value as CheckpointStore).read) &&
    callable.test((value as CheckpointStore).write),
};

/** The rule and the default of each run option. */
export const runOptions: OptionTable<RunOptions<never>> = {
  ...bucketOptions,
  workers: [positiveInteger, 1],
  concurrency: [positiveInteger, 16],
  signal: [abortSignal],
  drainTimeout: [nonNegative, 10_000],
  abortTimeout: [nonNegative, 5000],
  retry: [anyObject, {}],
  attemptTimeout: [positive, Infinity],
  deadLetters: [deadLetterTarget],
  isolate: [oneOf("bisect", "none"), "bisect"],
  isolationBudget: [positiveIntegerOrInfinity, 1000],
  maxDeadLetters: [deadLetterLimit, Infinity],
  checkpoints: [checkpointStore],
  position: [callable],
  resume: [oneOf("skip", "source"), "skip"],
  partition: [nonEmptyString],
  lease: [positive, 1000],
  checkpointInterval: [nonNegative, 0],
  whenCompleted: [oneOf("keep", "forget"), "keep"],
  fingerprint: [nonEmptyString],
  budget: [anyObject],
  guarantee: [oneOf("at-most-once", "at-least-once", "effectively-once")],
  rateLimit: [anyObject],
  total: [totalAmount],
  trace: [truthValue, false],
  observer: [callable],
  stallTimeout: [positive, Infinity],
  onProgress: [callable],
  progressInterval: [positive, 1000],
};

/**
 * Checks and completes the options of a run of a pipeline. Missing options come from the `layers`,
 * and the batch size finally from the load.
 */
export function checkRunOptions<E, T>(
  action: string,
  pipeline: Pick<Pipeline<E, T>, "load">,
  options: RunOptions<E>,
  ...layers: readonly RunOptions<never>[]
): RunSettings<E> {
  const table = runOptions as OptionTable<RunOptions<E>>;
  const { retry, attemptTimeout, rateLimit, ...settings } = checkOptions<
    RunOptions<E>,
    OpenRunOptions | "rateLimit"
  >(action, options, table, ...layers);
  const batchSize = batchSizeOf(action, settings, batchSizeOfLoad(pipeline));
  checkBudget(action, settings.budget);
  const limiter = rateLimit === undefined || isOf(rateLimit, RateLimiter)
    ? rateLimit
    : new RateLimiter(checkRate(action, rateLimit, rateLimiterOptions));
  return {
    ...settings,
    batchSize: Math.min(batchSize, limiter?.limit ?? Infinity),
    retry: checkRetry(action, retry, attemptTimeout),
    rateLimit: limiter,
  };
}
