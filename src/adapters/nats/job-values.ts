/**
 * Values of a job in a bucket: one key for the job, and one for each partition.
 * @module
 */
import type { PartitionCounts, PartitionRecord, PartitionResult } from "../../jobs/job-store.ts";
import { itemsDone } from "../../jobs/progress.ts";
import type { JobMirror, Seen } from "./job-mirror.ts";

/** Value of the job itself in a bucket. */
export interface KeptJob {
  readonly isSealed: boolean;
  readonly isCancelled: boolean;
  readonly reason?: string | undefined;
}

/** Value of a partition in a bucket. */
export interface Kept extends PartitionRecord {
  readonly state: "open" | PartitionResult["state"];
  /** The lease that has it, or had it when it was settled. */
  readonly holder?: string | undefined;
  /** Name of the worker that has it, for people. */
  readonly worker?: string | undefined;
  /** Time for which it must be left alone after it was given back, in milliseconds. */
  readonly delay: number;
  readonly begun: number;
  /** Largest number of finished items ever reported. */
  readonly reached: number;
  readonly failures: number;
  readonly counts: PartitionCounts;
  readonly error?: string | undefined;
}

/** Value of a key of a job. */
export type Value = { readonly job: KeptJob } | { readonly partition: Kept };

const noJob: KeptJob = { isSealed: false, isCancelled: false };

/** Returns the known state of the job itself. */
export function jobIn(mirror: JobMirror<Value>): KeptJob {
  const value = mirror.get("job")?.value;
  return value !== undefined && "job" in value ? value.job : noJob;
}

/** The partition of a key, if it is that of one. */
export function keptIn(seen: Seen<Value> | undefined): Kept | undefined {
  const value = seen?.value;
  return isPartition(value) ? value.partition : undefined;
}

/** Returns true if a value is that of a partition. */
export function isPartition(value: Value | undefined): value is { readonly partition: Kept } {
  return value !== undefined && "partition" in value;
}

/** Returns true if a value is that of a partition that is not settled. */
export function isOpen(value: Value | undefined): value is { readonly partition: Kept } {
  return isPartition(value) && value.partition.state === "open";
}

/** A partition of which it was told how far it is: one that has moved counts as begun once. */
export function moved(kept: Kept, counts: PartitionCounts): Kept {
  const done = itemsDone(counts);
  return done > kept.reached ? { ...kept, counts, begun: 1, reached: done } : { ...kept, counts };
}
