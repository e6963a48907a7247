/**
 * For authors of checkpoint stores and sinks: the rules of a commit that holds rows and
 * checkpoint at once, what can be done with a checkpoint, and dead letters as text.
 * @module
 */
export {
  advance,
  blankCheckpoint,
  commitsTo,
  covers,
  decodeCheckpoint,
  encodeCheckpoint,
  rangesOf,
} from "../checkpoints/checkpoint.ts";
export { ClaimRegistry } from "../checkpoints/claim-registry.ts";
export {
  type DenoAtomicOperation,
  type DenoKeyValueStore,
  type ItemStore,
  keyValueCheckpoints,
  type KeyValueOptions,
  type KeyValueStore,
} from "../checkpoints/key-value-checkpoints.ts";
export { type CommitMark, markOf } from "../checkpoints/commit-mark.ts";
export { checkDeliveries, DeliveredError, type Deliveries } from "../checkpoints/deliveries.ts";
export type { SinkLoadContext } from "../checkpoints/load-context.ts";
export {
  type CommitPlan,
  isMarkedIn,
  type KeptKey,
  planCommit,
  planUndo,
  planWrite,
  type WritePlan,
} from "../checkpoints/plan-commit.ts";
export {
  type CheckRows,
  type Commit,
  type SinkLoad,
  type SinkLoads,
  sinkLoads,
  type StageRows,
  type Wrapped,
} from "../checkpoints/sink-loads.ts";
export { decodeItem, encodeItem, encodeLetter } from "../dead-letters/dead-letter-json.ts";
export { type LetterSink, repeatableLetters } from "../dead-letters/repeatable-letters.ts";
