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
   * When a `transform` (of an item) or a `load` (of a batch) that failed is called again: for both,
   * or `{ extract, transform, load }`. Without it a failure is final. The rules for `load` hold for
   * calls of the checkpoint store and for letters of `sink.deadLetters()` as well.
   */
  retry?: RetryOptions | RetryByStage | undefined;
  /**
   * Longest time of one call of `transform` or `load` in milliseconds, a number above 0, where
   * `retry` does not set it. After it the call's signal aborts, and it has failed.
   * @default {Infinity}
   */
  attemptTimeout?: number | undefined;
  /**
   * Takes the items that are given up on, so that they do not fail the run. A stream that you give
   * is yours: the run only locks it, and you close it. One that the run gets by calling your function
   * is the run's, which closes it. If a letter cannot be written the run fails.
   */
  deadLetters?:
    | WritableStream<DeadLetter<E>>
    | (() => WritableStream<DeadLetter<E>>)
    | undefined;
  /**
   * Where there are dead letters, what happens to a batch whose load fails for good: `"bisect"` halves
   * it until the items that are to blame stand alone, `"none"` gives up on the whole batch.
   * @default {"bisect"}
   */
  isolate?: "bisect" | "none" | undefined;
  /**
   * Most loads of parts of one batch: a positive integer or `Infinity`. When they are used up, what
   * has failed is given up on as it is.
   * @default {1000}
   */
  isolationBudget?: number | undefined;
  /**
   * Most dead letters of a run, a non-negative integer or `Infinity`; or `{ ratio, window }`, the
   * largest share of the last `window` items. One more fails the run.
   * @default {Infinity}
   */
  maxDeadLetters?: number | { ratio: number; window: number } | undefined;
  /**
   * Keeps what is finished, so that the next run goes on from there. Refused where the source does
   * not give the same items in the same order again: beside `acknowledge`, unless the pipeline says
   * `replayable: true`, and where it says `false`.
   */
  checkpoints?: CheckpointStore | undefined;
  /**
   * Cursor stored with the last finished item, after which `extract` begins. Called
   * once for each item. Its result must tell one item from the next and survive JSON:
   * anything else, such as `undefined` or a promise, fails the run before the item is loaded.
   */
  position?: ((item: E) => unknown) | undefined;
  /**
   * Way to resume from a checkpoint: `"skip"` reads the source again from its start and drops
   * finished items; `"source"` trusts `extract` to begin after `context.checkpoint`.
   * @default {"skip"}
   */
  resume?: "skip" | "source" | undefined;
  /** Which part of the source this is: each has a checkpoint of its own. */
  partition?: string | undefined;
  /**
   * Time for which a run that died keeps others out, in milliseconds, above 0. A live one renews
   * it three times in that time. `Infinity`: until you remove it from the store.
   * @default {1000}
   */
  lease?: number | undefined;
  /**
   * Least time between two writes to the store in milliseconds, a number of at least 0. The last one is
   * always made; what was loaded since the last one is loaded again after a crash. Sinks that commit
   * the checkpoint with their rows still do so with each load.
   * @default {0}
   */
  checkpointInterval?: number | undefined;
  /**
   * Fate of the checkpoint of a run that completes: with `"forget"` nothing counts as finished
   * any more, and the next run starts over.
   * @default {"keep"}
   */
  whenCompleted?: "keep" | "forget" | undefined;
  /**
   * Names the version of the source, such as an ETag: kept in the checkpoint. A run that finds that of
   * another version, of which something is finished, is refused.
   */
  fingerprint?: string | undefined;
  /**
   * Ends the run by itself when one of these is used up, with the outcome `"paused"`: no more is read,
   * and what was read is loaded, however long that takes. It is looked at when a batch is full, or has
   * waited for its `timeout`, and the first one is always waited for. So each of several runs gets at
   * least a batch further; to read again what earlier ones have finished costs time, and nothing else.
   */
  budget?: RunBudget | undefined;
  /** Guarantee to assert: a run that cannot deliver it is rejected before it starts. */
  guarantee?: Guarantee | undefined;
  /**
   * Most items loaded in any time of `interval` milliseconds. A `RateLimiter` may be shared by
   * several pipelines. No batch is larger than `limit`.
   */
  rateLimit?: RateLimiterOptions | RateLimiter | undefined;
  /**
   * Number of items in the whole source, including those that earlier runs have finished: a number
   * of at least 0, or a function that gives it, or a promise of it. Or `{ bytes }`, where the
   * source tells by a property `bytesRead` how many it has read, as the readers of this package do.
   * With it snapshots tell the time left.
   *
   * A function is called when the run begins, with a signal that aborts when nobody waits any more. If
   * it gives no promise it is called again for each snapshot, and may give `undefined` at first. What
   * it fails with is told to the observer, and the run goes on.
   */
  total?: Amount | { readonly bytes: Amount } | undefined;
  /**
   * If true, the report has the data for pictures of the run: at most 512 batches, however
   * many there were.
   * @default {false}
   */
  trace?: boolean | undefined;
  /** Told of everything that happens. What it throws or rejects with changes nothing. */
  observer?: RunObserver | undefined;
  /**
   * Tells the observer that the run is stalled, when nothing has moved for this many milliseconds: a
   * number above 0.
   * @default {Infinity}
   */
  stallTimeout?: number | undefined;
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

/** Options that nothing stands for where they are not given. */
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
  /** When calls are made again, and how long one may take. */
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
 * Checks and completes the options of a run of a pipeline; what they leave open comes from the `layers`,
 * and the size of a batch at last from the load.
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
