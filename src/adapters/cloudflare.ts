/**
 * Cloudflare: sinks of D1 and of Durable Objects that commit rows and checkpoints together, messages of a
 * queue as a source, checkpoints in KV, and runs that continue in steps. You pass in the bindings of the
 * Worker.
 * @module
 */
export type { D1Binding, D1Statement } from "./cloudflare/d1.ts";
export type { DurableObjectStorage } from "./cloudflare/durable-object.ts";
export { durableObjectSink } from "./cloudflare/durable-object-sink.ts";
export { d1Sink } from "./cloudflare/d1-sink.ts";
export { consumeQueue } from "./cloudflare/consume-queue.ts";
export type {
  QueueBatch,
  QueueMessage,
  QueueOptions,
  QueueOutcome,
  QueuePipeline,
} from "./cloudflare/queue.ts";
export { type KvBinding, kvCheckpoints, type KvOptions } from "./cloudflare/kv-checkpoints.ts";
export type {
  CloudflareLoad,
  CloudflareSink,
  CloudflareStage,
  CloudflareWrappedLoad,
} from "./cloudflare/sink.ts";
export type { CloudflareDeliveryOptions } from "./cloudflare/deliveries.ts";
export type {
  CloudflareSharedOptions,
  CloudflareSinkOptions,
  CloudflareTableOptions,
  CloudflareTables,
  CloudflareTablesOptions,
} from "./cloudflare/sink-options.ts";
export type {
  CloudflareInsertOptions,
  CloudflareTransaction,
  CloudflareWriteOptions,
} from "./cloudflare/transaction.ts";
export type { SinkLoadContext as CloudflareLoadContext } from "../checkpoints/load-context.ts";
export { type Tombstone, tombstone } from "../sql/tombstone.ts";
export type { Fitting, LinksAmong, RowsByTable, RowsOf, RowWith } from "../sql/typed-rows.ts";
export type { LinkOptions, ParentLink } from "../sql/linked-tables.ts";
export { runStep, type Step, type StepOptions, type SteppedEtl } from "./cloudflare/run-step.ts";
