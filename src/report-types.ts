/**
 * Snapshots and reports of a run: plain data, in the same form during the run and after it.
 * @module
 */

/** End of a run: `"paused"` if its `budget` was used up, `"drained"` if it was stopped from outside. */
export type Outcome = "completed" | "drained" | "paused" | "aborted" | "failed";

/**
 * Number of times an item is loaded if a run is killed and repeated until it completes: `"at-most-once"` may
 * lose items, `"at-least-once"` may load some again, `"effectively-once"` does neither.
 */
export type Guarantee = "at-most-once" | "at-least-once" | "effectively-once";

/** The three stages that the items of a pipeline pass through. */
export type StageName = "extract" | "transform" | "load";

/**
 * Part of a pipeline that can fail. `"deadLetters"` includes having too many of them. `"checkpoints"`
 * includes losing the key to another run, and a failing `position` or `acknowledge`.
 */
export type FailureStage =
  | "preProcess"
  | StageName
  | "deadLetters"
  | "checkpoints"
  | "postProcess"
  | "finalize";

/**
 * Use of the time of a stage, in milliseconds. For a stage with several workers, each counts with its
 * share, so that the times add up to the time of the run.
 */
export interface StageTimes {
  /** Working: in your code, or for `extract`, waiting for the source. */
  readonly busy: number;
  /** Waiting for input, or finished. */
  readonly starved: number;
  /** Waiting for the next stage to accept the output. */
  readonly blocked: number;
  /** Waiting before another attempt, if there was one. */
  readonly backoff?: number;
  /** Waiting for the rate limit, if it held anything back. */
  readonly limited?: number;
}

/** First failure of a run, as plain data. */
export interface RunFailure {
  /** The stage that failed. */
  readonly stage: FailureStage;
  /** Message of the error; at most its first 1000 characters. */
  readonly message: string;
  /** The code of the error, or of one of its causes, if there is one. */
  readonly code?: string | number;
  /** Number of attempts of the failed call. */
  readonly attempts: number;
  /**
   * Batch of the call: its place in the run, its first item's place in the source, and its size in items.
   */
  readonly batch?: { readonly sequence: number; readonly offset: number; readonly size: number };
}

/** Dead letters with a similar error: their messages differ at most in a value or a row number. */
export interface DeadLetterReason {
  /** Message of the first one; at most its first 300 characters. */
  readonly message: string;
  /** Stage that failed. */
  readonly stage: StageName;
  /** Number of these dead letters. */
  readonly count: number;
  /** Place of the first one in the source, from 0. */
  readonly offset: number;
}

/** Time of batches from the bucket to the end of their load, in milliseconds, within 5 %. */
export interface Latency {
  /** Half of the batches take no longer. */
  readonly p50: number;
  /** 90 % of the batches take no longer. */
  readonly p90: number;
  /** 99 % of the batches take no longer. */
  readonly p99: number;
  /** The longest time, exact. */
  readonly max: number;
}

/** A batch in the trace of a run. Times are milliseconds since the run began. */
export interface TracedBatch {
  /** Place of the batch in the run, from 0. */
  readonly sequence: number;
  /** Worker that loaded it, from 0. A batch that needed no load took no time, and has 0. */
  readonly lane: number;
  /** Number of its source items. */
  readonly size: number;
  /** Number of its calls that were retried. */
  readonly retries: number;
  /** Number of its items that were dead-lettered. */
  readonly deadLettered: number;
  /** Time at which it was taken from the bucket. */
  readonly batchedAt: number;
  /** Time at which its transform was done. */
  readonly transformedAt: number;
  /** Time at which its load began. */
  readonly loadStartedAt: number;
  /** Time at which its load was done. */
  readonly endedAt: number;
}

/** Data for charts of a run. Its size is bounded however long the run was. */
export interface RunTrace {
  /** One in this many batches is kept: the smallest power of 2 that keeps at most 512 batches. */
  readonly every: number;
  /** The batches kept, in the order in which they ended. */
  readonly batches: readonly TracedBatch[];
  /** Length of an interval in milliseconds: the smallest power of 2 that makes at most 256 intervals. */
  readonly interval: number;
  /** Number of items finished in each interval. */
  readonly done: readonly number[];
}

/**
 * The items of a run, each counted once:
 * `extracted = loaded + skipped + deadLettered + returned + pending`.
 */
export interface ItemCounts {
  /** Items read from the source. */
  readonly extracted: number;
  /** Items that were loaded. */
  readonly loaded: number;
  /** Items that the transform skipped. */
  readonly skipped: number;
  /** Items given up on, each with its error. */
  readonly deadLettered: number;
  /** Items of a leased source that failed and were given back to it. */
  readonly returned: number;
  /** Items that were read but are none of the above. */
  readonly pending: number;
}

/** Fate of finished items. */
export type FinishedCounts = Pick<ItemCounts, "loaded" | "skipped" | "deadLettered">;

/**
 * Finished items by their place in the source: from `from` up to, but not including, `to`. With the
 * option `position`, the third element is the position of the last item; `null` if the last items could
 * not be read.
 */
export type DoneRange = readonly [from: number, to: number, position?: unknown];

/** Finished items of a source, as plain data. */
export interface Checkpoint {
  /** The first `offset` items of the source are finished: loaded, skipped or dead-lettered. */
  readonly offset: number;
  /** Finished ranges above `offset`: in order, with gaps between them. */
  readonly done: readonly DoneRange[];
  /** Result of `position` for the last item below `offset`. */
  readonly position?: unknown;
  /**
   * Fate of all finished items: the counts add up to their number. Omitted if unknown, as in a
   * checkpoint made by hand.
   */
  readonly counts?: FinishedCounts | undefined;
  /**
   * Part of `counts` that `runId` finished without a load that commits its own mark; only present with
   * such loads. It tells a store how much to add to its marks.
   */
  readonly unmarked?: FinishedCounts | undefined;
  /** Time of the write: milliseconds since 1970. */
  readonly updatedAt: number;
  /** Id of the run that wrote it. */
  readonly runId?: string | undefined;
  /** The version of the source, if the run has the option `fingerprint`. */
  readonly fingerprint?: string | undefined;
}

/** Rows of one table by outcome. A missing number is 0 or unknown. */
export interface TableCounts {
  /** Rows that did not exist before. */
  readonly inserted?: number;
  /** Rows that existed and were overwritten, with other values or with the same ones. */
  readonly updated?: number;
  /** Rows that were inserted or updated, if the database does not report which. */
  readonly written?: number;
  /** Rows that existed and were left unchanged. */
  readonly unchanged?: number;
  /** Rows that were deleted. */
  readonly deleted?: number;
}

/**
 * One branch of a load: rows that it was `given` and has `loaded`, each counted once; calls that were
 * retried; and items that were given up on and are missing from it. A missing number is 0.
 */
export type BranchCounts = {
  readonly [K in "given" | "loaded" | "retries" | "deadLettered"]?: number;
};

/** Progress of a run. */
export interface RunSnapshot extends ItemCounts {
  /** The name of the pipeline. */
  readonly name: string;
  /** Unique id of the run. */
  readonly runId: string;
  /** State of the run. */
  readonly state: "running" | "draining" | "aborting" | "ended";
  /** Items that earlier runs finished; this run does not load them again. */
  readonly earlier: number;
  /** Fate of these items; omitted if their checkpoint does not contain it. */
  readonly earlierCounts?: FinishedCounts;
  /**
   * Rows that were loaded: as many as items, unless a transform makes several of one, or one of several.
   */
  readonly rows: number;
  /** Loads that succeeded, each of one batch. */
  readonly batches: number;
  /** Calls made again after a failure. */
  readonly retries: number;
  /** Start of the run: milliseconds since 1970. */
  readonly startedAt: number;
  /** Time since its start, in milliseconds. */
  readonly duration: number;
  /** Use of the time of each stage. */
  readonly stages: Readonly<Record<StageName, StageTimes>>;
  /** Items finished per second: in the last five seconds, or once the run is over, in all of it. */
  readonly rate: number;
  /** Batches in progress now. */
  readonly inFlight: { readonly transform: number; readonly load: number };
  /** Items waiting in the bucket, and batches waiting for a free worker. */
  readonly queued: { readonly items: number; readonly batches: number };
  /**
   * Properties for which the target had no column, so that they were left out or a column was added: rows by
   * property, if the sink reports it. At most 100 are listed; the rest are added up as `"…others"`.
   */
  readonly drift: Readonly<Record<string, number>>;
  /**
   * Rows in the target by table and outcome, if the sink reports it. At most 100 tables are listed
   * separately.
   */
  readonly tables: Readonly<Record<string, TableCounts>>;
  /** Rows by branch, if the load has branches. At most 100 are listed separately. */
  readonly branches?: Readonly<Record<string, BranchCounts>>;
  /** Time of batches; present once a batch is finished. */
  readonly latency?: Latency;
  /**
   * Number of items to expect, if the option `total` sets it or the source is an array. It excludes
   * items that earlier runs finished, as they are not loaded again.
   */
  readonly total?: number;
  /**
   * Bytes of the source, if the option `total` is `{ bytes }` and the source reports the bytes that it
   * has read. In a resumed run, bytes that were not read again count as read.
   */
  readonly bytes?: { readonly read: number; readonly total: number };
  /** Time left in milliseconds at the current rate, if `total` or `bytes` is known. */
  readonly eta?: number;
  /** Items finished by earlier runs and by this one, if it has checkpoints. */
  readonly checkpoint?: Checkpoint;
}

/** Report of a run: plain data that you can store, send or print. */
export interface RunReport extends Omit<RunSnapshot, "state"> {
  /** Key of its checkpoint: its name, and its partition if it has one. */
  readonly key: string;
  /** Part of the work, with the option `partition`. */
  readonly partition?: string;
  /** End of the run. */
  readonly outcome: Outcome;
  /** First failure, if the run failed. */
  readonly failure?: RunFailure;
  /** Reasons why items were given up on, most frequent first: at most 20, and the rest as `"…others"`. */
  readonly deadLetterReasons: readonly DeadLetterReason[];
  /**
   * Kind of transform: per item, either `"sync"` or `"async"`, or `"batch"` for `transformBatch`.
   * Omitted without a transform.
   */
  readonly mapping?: "sync" | "async" | "batch";
  /** Most calls of an async `transform` in flight for each batch. */
  readonly concurrency?: number;
  /** Items of `total` that did not arrive, as the source ended before it yielded them. */
  readonly missing?: number;
  /** The stage with the largest share of time at work, or waiting for its own next attempt or limit. */
  readonly bottleneck: StageName;
  /** Number of batches that could be loaded at the same time. */
  readonly workers: number;
  /** Number of times an item is loaded if killed runs are repeated until one completes. */
  readonly guarantee: Guarantee;
  /**
   * `"running"` if the clock advances while code runs. On Workers it is `"still"`: only waiting is
   * measured, and work that waits for nothing takes no time.
   */
  readonly clock: "running" | "still";
  /** Data for charts of the run, with the option `trace`. */
  readonly trace?: RunTrace;
}
