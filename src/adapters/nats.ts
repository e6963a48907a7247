/**
 * NATS JetStream: checkpoints in a bucket of keys and values.
 * @module
 */
export type {
  NatsConsumer,
  NatsEntry,
  NatsHeaders,
  NatsJetStream,
  NatsKv,
  NatsMessage,
  NatsStoredMessage,
  NatsStream,
  NatsWatch,
} from "./nats/client.ts";
export { NatsCheckpointStore } from "./nats/checkpoint-store.ts";
export type { Delivery } from "./nats/fetches.ts";
export { natsJobStore, type NatsJobStoreOptions } from "./nats/job-store.ts";
export {
  type NatsLoad,
  type NatsSink,
  natsSink,
  type NatsSinkOptions,
  type NatsStage,
} from "./nats/sink.ts";
export { natsSource, type NatsSourceOptions } from "./nats/source.ts";
