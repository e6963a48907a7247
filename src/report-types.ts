/**
 * Snapshots and reports of a run: plain data, the same while it runs and when it is over.
 * @module
 */

/**
 * End of a run: `"paused"` if its `budget` was used up, `"drained"` if somebody else stopped it.
 */
export type Outcome = "completed" | "drained" | "paused" | "aborted" | "failed";

/**
 * Number of loads of an item if a run is killed and repeated until it completes: `"at-most-once"`
 * may lose items, `"at-least-once"` may load some again, `"effectively-once"` does neither.
 */
export type Guarantee = "at-most-once" | "at-least-once" | "effectively-once";

/** The three stages that the items of a pipeline pass. */
export type StageName = "extract" | "transform" | "load";

/**
 * Where a pipeline can fail. `"deadLetters"` is also to have too many of them, `"checkpoints"` also
 * to lose the key to another run, and a failing `position` or `acknowledge`.
 */
export type FailureStage =
  | "preProcess"
  | StageName
  | "deadLetters"
  | "checkpoints"
  | "postProcess"
  | "finalize";

/**
 * Where the time of a stage went, in milliseconds. A stage of several workers counts each at its
 * share, so that the three add up to the time of the run.
 */
export interface StageTimes {
  /** At work: in the user's code, or for `extract`, waiting for the source. */
  readonly busy: number;
  /** Waiting for input, or done. */
  readonly starved: number;
  /** Waiting for the next stage to take what is done. */
  readonly blocked: number;
  /** Waiting before another attempt, where there was one. */
  readonly backoff?: number;
  /** Waiting for the rate limit, where it held something back. */
  readonly limited?: number;
}

/** First failure of a run, as plain data. */
export interface RunFailure {
  /** The stage that failed. */
  readonly stage: FailureStage;
  /** Message of the error; at most its first 1000 characters. */
  readonly message: string;
  /** The code of the error, where it or one of its causes has one. */
  readonly code?: string | number;
  /** Number of attempts of the call that failed. */
  readonly attempts: number;
  /** The batch that it was made for: its place in the run, its first item in the source, its items. */
  readonly batch?: { readonly sequence: number; readonly offset: number; readonly size: number };
}

/** Dead letters that failed alike: their messages differ at most in a value or the number of a row. */
export interface DeadLetterReason {
  /** Message of the first of them; at most its first 300 characters. */
  readonly message: string;
  /** Where it failed. */
  readonly stage: StageName;
  /** Number of them. */
  readonly count: number;
  /** Place of the first of them in the source, from 0. */
  readonly offset: number;
}

/** Time of batches from the bucket to the end of their load, in milliseconds, within 5 %. */
export interface Latency {
  /** Half of them take no longer. */
  readonly p50: number;
  /** 90 % take no longer. */
  readonly p90: number;
  /** 99 % take no longer. */
  readonly p99: number;
  /** The longest, exactly. */
  readonly max: number;
}

/** A batch in the trace of a run. Times are milliseconds since the run began. */
export interface TracedBatch {
  /** Place of the batch in the run, from 0. */
  readonly sequence: number;
  /** Which of the workers loaded it, from 0; of one that needed no load, which took no time, 0. */
  readonly lane: number;
  /** Items of the source in it. */
  readonly size: number;
  /** Calls that were made again for it. */
  readonly retries: number;
  /** Items of it that were given up on. */
  readonly deadLettered: number;
  /** It was taken from the bucket. */
  readonly batchedAt: number;
  /** Its transform was done. */
  readonly transformedAt: number;
  /** Its load began. */
  readonly loadStartedAt: number;
  /** Its load was done. */
  readonly endedAt: number;
}

/** Data for pictures of a run, of the same size however long the run was. */
export interface RunTrace {
  /** Of how many batches one is kept: the smallest power of 2 with which they are at most 512. */
  readonly every: number;
  /** The batches that are kept, in the order in which they ended. */
  readonly batches: readonly TracedBatch[];
  /** Length of an interval in milliseconds: the smallest power of 2 with which there are at most 256. */
  readonly interval: number;
  /** Items that were done in each interval. */
  readonly done: readonly number[];
}

/**
 * The items of a run, each counted once:
 * `extracted = loaded + skipped + deadLettered + returned + pending`.
 */
export interface ItemCounts {
  /** Items read from the source. */
  readonly extracted: number;
  /** Items whose load has succeeded. */
  readonly loaded: number;
  /** Items that the transform left out. */
  readonly skipped: number;
  /** Items given up on, each with its error. */
  readonly deadLettered: number;
  /** Items of a leased source that were given back to it, as they had failed. */
  readonly returned: number;
  /** Items read, of which none of that is true. */
  readonly pending: number;
}

/** Fate of finished items. */
export type FinishedCounts = Pick<ItemCounts, "loaded" | "skipped" | "deadLettered">;

/**
 * Items that are finished, by their place in the source: from `from` up to, but without, `to`. With the
 * option `position` also that of the last of them: `null` where the last ones could not be read.
 */
export type DoneRange = readonly [from: number, to: number, position?: unknown];

/** Finished items of a source, as plain data. */
export interface Checkpoint {
  /** The first `offset` items of the source are finished: loaded, skipped or dead-lettered. */
  readonly offset: number;
  /** Finished ranges above `offset`: in order, apart from each other. */
  readonly done: readonly DoneRange[];
  /** Result of `position` for the last item below `offset`. */
  readonly position?: unknown;
  /**
   * Fate of all finished items, which the counts add up to. Left out if unknown,
   * as in a checkpoint that was made by hand.
   */
  readonly counts?: FinishedCounts | undefined;
  /**
   * Those of `counts` that `runId` has finished without a load that commits its own mark; only beside
   * such loads. By it a store tells what to add to the marks that it has.
   */
  readonly unmarked?: FinishedCounts | undefined;
  /** When it was written: milliseconds since 1970. */
  readonly updatedAt: number;
  /** The run that wrote it. */
  readonly runId?: string | undefined;
  /** The version of the source, where the run was given one. */
  readonly fingerprint?: string | undefined;
}

/** Rows of one table by what was done with them. A missing number is 0 or unknown. */
export interface TableCounts {
  /** Rows that were not there before. */
  readonly inserted?: number;
  /** Rows that were there, and were overwritten: by other values or by the same ones. */
  readonly updated?: number;
  /** Rows that were inserted or updated, where the database does not tell which of the two. */
  readonly written?: number;
  /** Rows that were given, and were kept as they were there. */
  readonly unchanged?: number;
  /** Rows that were removed. */
  readonly deleted?: number;
}

/**
 * One branch of a load: rows that it was `given` and has `loaded`, each once; calls made again for it;
 * and items that were given up on and that it lacks. A number that is missing is 0.
 */
export type BranchCounts = {
  readonly [K in "given" | "loaded" | "retries" | "deadLettered"]?: number;
};

/** Progress of a run. */
export interface RunSnapshot extends ItemCounts {
  /** The name of the pipeline. */
  readonly name: string;
  /** The run, told apart from all others. */
  readonly runId: string;
  /** State of the run. */
  readonly state: "running" | "draining" | "aborting" | "ended";
  /** Items that earlier runs have finished, which this one does not load again. */
  readonly earlier: number;
  /** Fate of these items; left out if their checkpoint does not have it. */
  readonly earlierCounts?: FinishedCounts;
  /** Rows that were loaded: as many as items, unless a transform makes several of one, or one of several. */
  readonly rows: number;
  /** Loads that have succeeded, each of one batch. */
  readonly batches: number;
  /** Calls made again after a failure. */
  readonly retries: number;
  /** When the run began: milliseconds since 1970. */
  readonly startedAt: number;
  /** Time since it began, in milliseconds. */
  readonly duration: number;
  /** Where the time of each stage went. */
  readonly stages: Readonly<Record<StageName, StageTimes>>;
  /** Items that were done per second: in the last five seconds, or when it is over in all. */
  readonly rate: number;
  /** Batches that are at work now. */
  readonly inFlight: { readonly transform: number; readonly load: number };
  /** Items that wait in the bucket, and batches that wait for a free worker. */
  readonly queued: { readonly items: number; readonly batches: number };
  /**
   * Properties that the target had no column for, so that they were left out, or a column was added:
   * rows by property, where the sink tells it. Of at most 100 of them; further ones are added up as
   * `"…others"`.
   */
  readonly drift: Readonly<Record<string, number>>;
  /**
   * Rows in the target by table and by what was done with them, if the sink knows; at most 100
   * tables are told apart.
   */
  readonly tables: Readonly<Record<string, TableCounts>>;
  /** Rows by branch, if the load has branches; at most 100 are told apart. */
  readonly branches?: Readonly<Record<string, BranchCounts>>;
  /** Time of batches, once one is done. */
  readonly latency?: Latency;
  /**
   * The items to expect, where the option `total` says so, or the source is an array; without those
   * that earlier runs have finished, as these are not loaded again.
   */
  readonly total?: number;
  /**
   * The bytes of the source, where the option `total` is `{ bytes }` and the source tells those that it
   * has read; what a resumed one did not read again is taken for read.
   */
  readonly bytes?: { readonly read: number; readonly total: number };
  /** Time that is left in milliseconds, at the present rate, where `total` or `bytes` is known. */
  readonly eta?: number;
  /** Items finished by earlier runs and by this one, if it has checkpoints. */
  readonly checkpoint?: Checkpoint;
}

/** Report of a run: plain data that can be kept, sent or printed. */
export interface RunReport extends Omit<RunSnapshot, "state"> {
  /** Key of its checkpoint: its name, with its partition if it has one. */
  readonly key: string;
  /** Which part of the work it was, with the option `partition`. */
  readonly partition?: string;
  /** End of the run. */
  readonly outcome: Outcome;
  /** First failure, if the run failed. */
  readonly failure?: RunFailure;
  /** Why items were given up on, most frequent first: 20 reasons at most, the rest as `"…others"`. */
  readonly deadLetterReasons: readonly DeadLetterReason[];
  /**
   * Kind of transform: item by item, at once (`"sync"`) or later (`"async"`), or a whole
   * batch by `transformBatch`. Left out where there is none.
   */
  readonly mapping?: "sync" | "async" | "batch";
  /** Calls of an async `transform` that may be in flight for each batch. */
  readonly concurrency?: number;
  /** Items of `total` that did not come, where the source ended before it had given them. */
  readonly missing?: number;
  /** The stage that was at work, or waited for its own next attempt or limit, for the largest share. */
  readonly bottleneck: StageName;
  /** Batches that could be loaded at once. */
  readonly workers: number;
  /** Number of loads of an item, if runs that are killed are repeated until one completes. */
  readonly guarantee: Guarantee;
  /**
   * `"running"` if the clock runs while code does. On Workers it is `"still"`, so that only waiting
   * is measured, and work that waits for nothing takes no time.
   */
  readonly clock: "running" | "still";
  /** Data for pictures of the run, with the option `trace`. */
  readonly trace?: RunTrace;
}
