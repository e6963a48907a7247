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
  /** Names it within the job. */
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
   * Rows that were loaded: those of the last run, and where it went on from a checkpoint also those
   * that the runs before it have told. What a run loads after it was last heard of, and before it
   * is killed or fails, is not among them.
   */
  readonly rows: number;
  /** Items that earlier runs have finished, where the checkpoint does not tell what became of them. */
  readonly earlier: number;
}

/** Result of a partition. */
export interface PartitionResult extends PartitionCounts {
  /** The id of the partition. */
  readonly partition: string;
  /** `"dead"`: it failed too often, and is not begun again. */
  readonly state: "completed" | "dead" | "cancelled";
  /** Number of starts since it last moved, by workers that were not heard of again. */
  readonly begun: number;
  /** Number of failures. */
  readonly failures: number;
  /** Why it is dead. */
  readonly error?: string;
}

/** Result that a worker reports for a partition. */
export type Settlement = Pick<PartitionResult, "state" | "error" | keyof PartitionCounts>;

/** A partition that a worker has for a time, alone. */
export interface Lease {
  /** The leased partition. */
  readonly partition: PartitionRecord;
  /**
   * Number of starts since it last moved that were neither settled nor given back, this one
   * included. It has moved if more of its items are done than were ever reported.
   */
  readonly begun: number;
  /** Number of failures. */
  readonly failures: number;
  /** Items by their fate, as its previous worker last reported them. */
  readonly counts: PartitionCounts;
  /**
   * Holds it for another time, and tells how far its run is; if it has moved, it counts as begun
   * once. `"lost"`: another worker has it now, or may have; `"cancelled"`: it is still held, but
   * the job is cancelled.
   */
  extend(counts: PartitionCounts): Promise<"held" | "lost" | "cancelled">;
  /** Settles it; gives `false`, and changes nothing, if it is lost. */
  settle(settlement: Settlement): Promise<boolean>;
  /**
   * Lets others take it after `delay` milliseconds, and forgets that it was begun. With an `error`
   * it has failed once more. Changes nothing if it is lost.
   */
  giveBack(options: { delay: number; error?: string }): Promise<void>;
}

/** A job as its store knows it. */
export interface StoredJob {
  /** Its state. */
  readonly state: JobState;
  /** Why it was cancelled, where a reason was given. */
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
 * Reason to wake: `"partitions"`: one to take, or the end of the job; `"progress"`: also how many
 * are settled.
 */
export type WatchedFor = "partitions" | "progress";

/** Sees when there may be something new: a partition to take, one that is settled, another state. */
export interface JobWatch {
  /**
   * Resolves once something may have changed since the watch began, or since the last call
   * resolved; also when the signal aborts. It may resolve for nothing, so whoever waits looks and
   * waits again.
   */
  changed(signal: AbortSignal | undefined): Promise<void>;
  /** Ends the watch. */
  close(): void;
}

/**
 * Keeps the partitions of one job and who has which. Any process may be killed or frozen at any
 * instant. Only the clock of the store decides when a lease is over.
 */
export interface JobStore {
  /** Duration of a lease that is not extended, in milliseconds. */
  readonly lease: number;
  /** Adds partitions; one whose id is there stays as it is. */
  add(partitions: readonly PartitionRecord[]): Promise<void>;
  /** All partitions of the split are there. Later ones may still be added. */
  seal(): Promise<void>;
  /** Returns the progress of the job. */
  read(): Promise<StoredJob>;
  /** Gives out no partition any more. What is cancelled stays so. */
  cancel(reason?: string): Promise<void>;
  /**
   * Takes a partition that nobody has and whose delay is over; nothing if there is none now. Those
   * that were begun least often come first, so that one that ends its workers keeps none of the
   * others.
   */
  take(worker: string): Promise<Lease | undefined>;
  /** Begins to watch for changes: of all that can be seen if nothing is said. */
  watch(interest?: WatchedFor): JobWatch;
  /** The partitions that are settled, in the order of their ids. */
  results(): AsyncIterable<PartitionResult>;
}
