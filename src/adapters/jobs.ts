/**
 * One pipeline over many partitions, run by many workers: in one process, in many, or on many machines.
 * @module
 */
export type {
  JobState,
  JobStore,
  JobWatch,
  Lease,
  PartitionCounts,
  PartitionRecord,
  PartitionResult,
  Settlement,
  StoredJob,
  WatchedFor,
} from "../jobs/job-store.ts";
export {
  coordinate,
  type CoordinatedJob,
  type CoordinateOptions,
  type JobProgress,
  type JobReport,
  type JobSnapshot,
} from "./jobs/coordinate.ts";
export type { Job } from "./jobs/job.ts";
export { MemoryJobStore, type MemoryJobStoreOptions } from "./jobs/memory-job-store.ts";
export type { PartitionEnd } from "./jobs/partition-run.ts";
export { work, type WorkOptions, type WorkSummary } from "./jobs/work.ts";
