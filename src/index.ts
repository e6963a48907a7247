/**
 * ETL on Web Streams: extract, batch by size or timer, transform in parallel, load.
 * @module
 */
export {
  BatchError,
  CancelledError,
  ConfigurationError,
  EtlError,
  ManagerError,
  PipelineError,
} from "./errors.ts";
export type {
  FailureStage,
  ItemCounts,
  ManagerReport,
  Outcome,
  RunReport,
  RunSnapshot,
  SkippedReport,
  StageName,
  StageTimes,
} from "./run-report.ts";
export { batched } from "./streams/batched.ts";
export { BucketStream } from "./streams/bucket.ts";
export type { BucketOptions } from "./streams/bucket-options.ts";
export { type Chunks, chunks } from "./streams/chunks.ts";
export { type LoaderOptions, LoaderStream } from "./streams/loader.ts";
export type { CallContext } from "./streams/call-sink.ts";
export { type ParallelMapOptions, ParallelMapStream } from "./streams/parallel-map.ts";
export { skip } from "./streams/skip.ts";
export type { Source } from "./streams/source.ts";
export { Etl, etl } from "./pipeline/etl.ts";
export {
  type AddOptions,
  EtlManager,
  type ManagedEtl,
  type ManagerOptions,
  type RunAllOptions,
} from "./pipeline/manager.ts";
export type { BatchInfo, LoadContext, Pipeline, PipelineContext } from "./pipeline/pipeline.ts";
export type { ProgressOptions } from "./pipeline/progress.ts";
export type { Run } from "./pipeline/run.ts";
export type { RunOptions } from "./pipeline/run-options.ts";
