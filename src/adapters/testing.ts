/**
 * Test suites for implementations of the contracts of this package. They need no test framework: each
 * accepts the `it` of any framework.
 * @module
 */
export { type CheckpointStoreSuite, testCheckpointStore } from "./testing/checkpoint-store.ts";
export type { DefineTest } from "./testing/define-test.ts";
export {
  type DeadLetterStore,
  type DeadLetterSuite,
  testDeadLetters,
} from "./testing/dead-letters.ts";
export { type JobStoreSuite, testJobStore } from "./testing/job-store.ts";
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
  type LeasedSourceSuite,
  type TestedQueue,
  testLeasedSource,
} from "./testing/leased-source.ts";
export { type SinkSuite, testSink } from "./testing/sink.ts";
export type { SinkRow, TestedSink, TestedWrite } from "./testing/tested-sink.ts";
export type {
  ChildRow,
  SinkTree,
  TestedTables,
  TestedTablesSettings,
} from "./testing/tested-tables.ts";
export { type SourceSuite, testSource } from "./testing/source.ts";
export type {
  CreateSource,
  SourceReading,
  SourceRow,
  TestedSource,
} from "./testing/tested-source.ts";
