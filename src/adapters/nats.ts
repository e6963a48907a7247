/**
 * NATS JetStream: checkpoints in a bucket of keys and values.
 * @module
 */
export type { NatsEntry, NatsKv, NatsWatch } from "./nats/client.ts";
export { NatsCheckpointStore } from "./nats/checkpoint-store.ts";
export { natsJobStore, type NatsJobStoreOptions } from "./nats/job-store.ts";
