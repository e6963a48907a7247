/**
 * NATS JetStream: queues as sources, streams as sinks, and stores for checkpoints, jobs and dead letters.
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
export {
  natsDeadLetters,
  type NatsDeadLettersOptions,
  type NatsLettersPlace,
  readNatsDeadLetters,
} from "./nats/dead-letters.ts";
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
