/**
 * Contracts between the processes of a job.
 * @module
 */
import type { ItemCounts } from "../report-types.ts";

/**
 * State of a job: `"splitting"` until all its partitions are known, `"running"` until each is settled,
 * then `"ended"`. A `"cancelled"` job hands out no further partition.
 */
export type JobState = "splitting" | "running" | "ended" | "cancelled";

/** A part of the source of a job. */
export interface PartitionRecord {
  /** Unique id within the job. */
  readonly id: string;
  /** Content of the partition, which must survive JSON. */
  readonly descriptor: unknown;
}

/**
 * Items of a partition by their fate in all its runs:
 * `extracted = loaded + skipped + deadLettered + returned + pending`.
 */
export interface PartitionCounts extends ItemCounts {
  /**
   * Rows that were loaded in the last run. If it resumed from a checkpoint, also the rows that the runs
   * before it reported. Rows that a run loads after its last report, before it is killed or fails, are
   * not included.
   */
  readonly rows: number;
  /** Items that earlier runs finished, if the checkpoint does not contain their fate. */
  readonly earlier: number;
}

/** Result of a partition. */
export interface PartitionResult extends PartitionCounts {
  /** The id of the partition. */
  readonly partition: string;
  /** State of the partition. `"dead"`: it failed too often, and is not started again. */
  readonly state: "completed" | "dead" | "cancelled";
  /** Number of starts since it last made progress, by workers that then went silent. */
  readonly begun: number;
  /** Number of failures. */
  readonly failures: number;
  /** Error because of which it is dead. */
  readonly error?: string;
}

/** Result that a worker reports for a partition. */
export type Settlement = Pick<PartitionResult, "state" | "error" | keyof PartitionCounts>;

/** A partition that one worker holds exclusively for a time. */
export interface Lease {
  /** The leased partition. */
  readonly partition: PartitionRecord;
  /**
   * Number of starts since it last made progress that were neither settled nor given back, including
   * this one. It has made progress if more of its items are done than were ever reported.
   */
  readonly begun: number;
  /** Number of failures. */
  readonly failures: number;
  /** Items by their fate, as last reported by its previous worker. */
  readonly counts: PartitionCounts;
  /**
   * Extends the lease, and reports the progress of the run; after progress, it counts as started once.
   * `"lost"`: another worker has it now, or may have it. `"cancelled"`: it is still held, but the job
   * is cancelled.
   */
  extend(counts: PartitionCounts): Promise<"held" | "lost" | "cancelled">;
  /** Settles the partition. Resolves with `false`, and changes nothing, if it is lost. */
  settle(settlement: Settlement): Promise<boolean>;
  /**
   * Lets others take it after `delay` milliseconds, and does not count this start. With an `error`, it
   * counts one more failure. Changes nothing if it is lost.
   */
  giveBack(options: { delay: number; error?: string }): Promise<void>;
}

/** State of a job in its store. */
export interface StoredJob {
  /** State of the job. */
  readonly state: JobState;
  /** Reason of the cancellation, if one was given. */
  readonly reason?: string | undefined;
  /** Number of partitions by their fate; `held` are those that a worker has now. */
  readonly partitions: {
    readonly total: number;
    readonly completed: number;
    readonly dead: number;
    readonly cancelled: number;
    readonly held: number;
  };
  /** Items of all partitions by their fate so far. */
  readonly counts: PartitionCounts;
}

/**
 * Reason to wake: `"partitions"` for one to take or the end of the job, `"progress"` also for settled ones.
 */
export type WatchedFor = "partitions" | "progress";

/** Watches for changes: a partition to take, a settled one, or another state. */
export interface JobWatch {
  /**
   * Resolves once something may have changed since the watch began, or since the last call resolved,
   * and when the signal aborts. It may resolve without a change, so check and wait again.
   */
  changed(signal: AbortSignal | undefined): Promise<void>;
  /** Ends the watch. */
  close(): void;
}

/**
 * Keeps the partitions of one job and their workers. Any process may be killed or frozen at any
 * instant. Only the clock of the store decides when a lease is over.
 */
export interface JobStore {
  /** Duration of a lease that is not extended, in milliseconds. */
  readonly lease: number;
  /** Adds partitions. One whose id already exists stays as it is. */
  add(partitions: readonly PartitionRecord[]): Promise<void>;
  /** Marks the split as complete. Later partitions may still be added. */
  seal(): Promise<void>;
  /** Returns the progress of the job. */
  read(): Promise<StoredJob>;
  /** Cancels the job: no further partition is handed out. This is final. */
  cancel(reason?: string): Promise<void>;
  /**
   * Takes a free partition whose delay is over; `undefined` if there is none now. Those with the fewest
   * starts come first, so that a partition that kills its workers does not block the others.
   */
  take(worker: string): Promise<Lease | undefined>;
  /** Starts to watch for changes: by default, all of them. */
  watch(interest?: WatchedFor): JobWatch;
  /** Yields the settled partitions, in the order of their ids. */
  results(): AsyncIterable<PartitionResult>;
}
