/**
 * Contracts between the processes of a job.
 * @module
 */
import type { ItemCounts } from "../report-types.ts";

/**
 * State of a job: `"splitting"` until all its partitions are known, `"running"` until each is
 * settled, then `"ended"`. A `"cancelled"` one hands out no further partition.
 */
export type JobState = "splitting" | "running" | "ended" | "cancelled";

/** A part of the source of a job. */
export interface PartitionRecord {
  /** Id of the partition within the job. */
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
   * Number of loaded rows: those of the last run, and if it resumed from a checkpoint, also those that
   * earlier runs reported. Rows loaded between the last report of a run and its kill or failure are not
   * included.
   */
  readonly rows: number;
  /** Items that earlier runs finished, if the checkpoint does not record their outcome. */
  readonly earlier: number;
}

/** Result of a partition. */
export interface PartitionResult extends PartitionCounts {
  /** The id of the partition. */
  readonly partition: string;
  /** Outcome; `"dead"`: it failed too often, and is not started again. */
  readonly state: "completed" | "dead" | "cancelled";
  /** Number of starts since it last progressed, by workers that were not heard from again. */
  readonly begun: number;
  /** Number of failures. */
  readonly failures: number;
  /** Reason why it is dead. */
  readonly error?: string;
}

/** Result that a worker reports for a partition. */
export type Settlement = Pick<PartitionResult, "state" | "error" | keyof PartitionCounts>;

/** A partition that one worker holds exclusively for a time. */
export interface Lease {
  /** The leased partition. */
  readonly partition: PartitionRecord;
  /**
   * Number of starts since it last progressed that were neither settled nor given back, including this
   * one. It has progressed if more of its items are done than were ever reported.
   */
  readonly begun: number;
  /** Number of failures. */
  readonly failures: number;
  /** Items by their fate, as its previous worker last reported them. */
  readonly counts: PartitionCounts;
  /**
   * Extends the lease, and reports the progress of its run. If it has progressed, it counts as started
   * once. `"lost"`: another worker has the partition now, or may have; `"cancelled"`: it is still held,
   * but the job is cancelled.
   */
  extend(counts: PartitionCounts): Promise<"held" | "lost" | "cancelled">;
  /** Settles the partition; if it is lost, returns `false` and changes nothing. */
  settle(settlement: Settlement): Promise<boolean>;
  /**
   * Lets others take the partition after `delay` milliseconds, and does not count this start. With an
   * `error`, it counts one more failure. Changes nothing if the partition is lost.
   */
  giveBack(options: { delay: number; error?: string }): Promise<void>;
}

/** The state of a job in its store. */
export interface StoredJob {
  /** Its state. */
  readonly state: JobState;
  /** Reason of the cancellation, if one was given. */
  readonly reason?: string | undefined;
  /** Number of partitions by state; `held` are those that a worker has now. */
  readonly partitions: {
    readonly total: number;
    readonly completed: number;
    readonly dead: number;
    readonly cancelled: number;
    readonly held: number;
  };
  /** Items of all partitions by their outcome so far. */
  readonly counts: PartitionCounts;
}

/**
 * Changes to wait for: `"partitions"`: a partition to take, or the end of the job; `"progress"`: also the
 * number of settled partitions.
 */
export type WatchedFor = "partitions" | "progress";

/** Waits for changes: a partition to take, a settled partition, another state of the job. */
export interface JobWatch {
  /**
   * Resolves once something may have changed since the watch began, or since the last call resolved; also
   * when the signal aborts. It may resolve without a change, so check and wait again.
   */
  changed(signal: AbortSignal | undefined): Promise<void>;
  /** Ends the watch. */
  close(): void;
}

/**
 * Stores the partitions of one job and their leases. Any process may be killed or frozen at any instant.
 * Only the clock of the store decides when a lease has expired.
 */
export interface JobStore {
  /** Duration of a lease that is not extended, in milliseconds. */
  readonly lease: number;
  /** Adds partitions. An id that already exists stays unchanged. */
  add(partitions: readonly PartitionRecord[]): Promise<void>;
  /** Marks the split as complete. More partitions may still be added later. */
  seal(): Promise<void>;
  /** Returns the progress of the job. */
  read(): Promise<StoredJob>;
  /** Stops handing out partitions. A cancelled job stays cancelled. */
  cancel(reason?: string): Promise<void>;
  /**
   * Takes a free partition whose delay has passed; returns nothing if there is none now. Those started
   * least often come first, so a partition that kills its workers does not hold back the others.
   */
  take(worker: string): Promise<Lease | undefined>;
  /** Starts to watch for changes, by default for all of them. */
  watch(interest?: WatchedFor): JobWatch;
  /** Yields the settled partitions, in the order of their ids. */
  results(): AsyncIterable<PartitionResult>;
}
