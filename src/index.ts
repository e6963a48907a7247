/**
 * ETL on Web Streams: extract, batch by size or timer, transform in parallel, load.
 * @module
 */
export {
  BatchError,
  CancelledError,
  CheckpointError,
  ConfigurationError,
  EtlError,
  FencedError,
  ManagerError,
  PipelineError,
  SplitError,
} from "./errors.ts";
export type {
  ManagerReport,
  ManagerSnapshot,
  SkippedReport,
  SkippedSnapshot,
  WaitingSnapshot,
} from "./manager-report-types.ts";
export type {
  BranchCounts,
  Checkpoint,
  DeadLetterReason,
  DoneRange,
  FailureStage,
  FinishedCounts,
  Guarantee,
  ItemCounts,
  Latency,
  Outcome,
  RunFailure,
  RunReport,
  RunSnapshot,
  RunTrace,
  StageName,
  StageTimes,
  TableCounts,
  TracedBatch,
} from "./report-types.ts";
export {
  type AttemptContext,
  retry,
  type RetryCallOptions,
  type RetryOptions,
} from "./retry/retry.ts";
export { RetryAfterError } from "./retry/retry-after.ts";
export type { DeadLetter } from "./dead-letters/dead-letter.ts";
export { ndjsonDeadLetters, readDeadLetters } from "./dead-letters/ndjson-dead-letters.ts";
export {
  type AcquireOptions,
  type PauseOptions,
  RateLimiter,
  type RateLimiterOptions,
} from "./streams/rate-limiter.ts";
export type { Awaitable, CheckpointStore, Claim } from "./checkpoints/checkpoint.ts";
export { MemoryCheckpointStore } from "./checkpoints/memory-checkpoint-store.ts";
export { batched } from "./streams/batched.ts";
export { BucketStream } from "./streams/bucket.ts";
export type { BucketOptions } from "./streams/bucket-options.ts";
export { type Chunks, chunks, type RunTerms } from "./streams/chunks.ts";
export { type LoaderOptions, LoaderStream } from "./streams/loader.ts";
export type { CallContext, InputErrorOptions } from "./streams/call-sink.ts";
export { type ParallelMapOptions, ParallelMapStream } from "./streams/parallel-map.ts";
export {
  type RateLimitOptions,
  type RateLimitSignalOptions,
  RateLimitStream,
} from "./streams/rate-limit.ts";
export type {
  Lease,
  LeaseContext,
  LeasedItemsContext,
  LeaseOptions,
  LoadingPipeline,
} from "./streams/lease.ts";
export { type Leased, leased } from "./streams/leased.ts";
export { type Many, many, type WholeBatch, wholeBatch } from "./streams/many.ts";
export { malformed } from "./streams/malformed.ts";
export { skip } from "./streams/skip.ts";
export type { Source } from "./streams/source.ts";
export { Etl, etl, type EtlDescription } from "./etl/etl.ts";
export { explain } from "./explain/explain.ts";
export { describeGuarantee, type GuaranteeDescription } from "./pipeline/guarantee.ts";
export {
  type AddOptions,
  EtlManager,
  type ManagedEtl,
  type ManagerOptions,
  type RunAllOptions,
} from "./manager/manager.ts";
export type { ManagerRun } from "./manager/manager-run.ts";
export type {
  BatchInfo,
  Extracted,
  ItemsContext,
  LoadContext,
  Pipeline,
  PipelineContext,
  Transformed,
  TransformedBatch,
} from "./pipeline/pipeline.ts";
export type { ProgressOptions } from "./telemetry/progress.ts";
export type { Run } from "./run/run.ts";
export {
  InvalidItemError,
  type ItemIssue,
  parse,
  type Parser,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "./pipeline/parse.ts";
export { mergeReports } from "./etl/merge-reports.ts";
export { replay } from "./etl/replay.ts";
export type {
  BatchTimes,
  RunEvent,
  RunEventBase,
  RunEventDetails,
  RunObserver,
} from "./pipeline/run-event.ts";
export type { RetryByStage } from "./pipeline/retry-by-stage.ts";
export type { Amount } from "./pipeline/amount.ts";
export type { RunBudget } from "./pipeline/run-budget.ts";
export type { RunOptions } from "./pipeline/run-options.ts";
