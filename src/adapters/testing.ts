/**
 * Suites for what implements a contract of this package. They need no test framework: each takes the
 * `it` of whichever is used.
 * @module
 */
export { type CheckpointStoreSuite, testCheckpointStore } from "./testing/checkpoint-store.ts";
export type { DefineTest } from "./testing/define-test.ts";
