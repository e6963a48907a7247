import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import type { RunReport } from "../../report-types.ts";

/** The subset of a message of a queue that is needed. */
export interface QueueMessage<Body = unknown> {
  /** Identifier of the message, the same at each delivery. */
  readonly id: string;
  /** Value that was sent. */
  readonly body: Body;
  /** Number of the delivery; the first is 1. */
  readonly attempts: number;
  /** Says that it is done. */
  ack(): void;
  /** Says that it is to come again. */
  retry(options?: { delaySeconds?: number }): void;
}

/** The subset of what a queue gives to its consumer. */
export interface QueueBatch<Body = unknown> {
  /** The messages. */
  readonly messages: readonly QueueMessage<Body>[];
}

/** Definition of a pipeline of messages: its source is the batch. */
export type QueuePipeline<Body, T> = Omit<
  Pipeline<QueueMessage<Body>, T>,
  "extract" | "acknowledge" | "reject" | "replayable"
>;

/**
 * Options for consuming messages: those of a run, except those of a source that can be read again,
 * and the handling of messages that fail.
 */
export interface QueueOptions<Body = unknown> extends
  Omit<
    RunOptions<QueueMessage<Body>>,
    | "checkpoints"
    | "checkpointInterval"
    | "fingerprint"
    | "partition"
    | "position"
    | "resume"
    | "whenCompleted"
  > {
  /**
   * In how many seconds a message is to come again: at most 43,200, by which delivery it was and what
   * it failed with, if it has failed itself.
   *
   * @default {2 ** attempts, at most 3600}
   */
  readonly retryDelay?: ((attempts: number, error: unknown) => number) | undefined;
  /**
   * The delivery from which on a message that fails becomes a dead letter in `deadLetters`, and is done.
   * Left out, it goes back each time, until the queue moves it into its own dead-letter queue.
   */
  readonly maxDeliveries?: number | undefined;
}

/** Outcome of the messages of a batch. */
export interface QueueOutcome {
  /** Messages that are done. */
  readonly acked: number;
  /** Messages that will come again. */
  readonly retried: number;
  /** The report of the run, if one had begun. */
  readonly report?: RunReport | undefined;
  /** Error of the run, if it has failed. */
  readonly error?: unknown;
}
