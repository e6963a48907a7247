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
  /** Acknowledges the message. */
  ack(): void;
  /** Makes the queue deliver the message again. */
  retry(options?: { delaySeconds?: number }): void;
}

/** The subset of a batch of a queue that is needed. */
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
   * Returns the seconds until a message is delivered again, at most 43,200. The arguments are the number
   * of the delivery, and the error if the message itself failed.
   *
   * @default {2 ** attempts, at most 3600}
   */
  readonly retryDelay?: ((attempts: number, error: unknown) => number) | undefined;
  /**
   * The delivery from which on a failing message becomes a dead letter in `deadLetters`, and is
   * acknowledged. By default it is retried each time, until the queue moves it to its own dead-letter
   * queue.
   */
  readonly maxDeliveries?: number | undefined;
}

/** Outcome of the messages of a batch. */
export interface QueueOutcome {
  /** Number of acknowledged messages. */
  readonly acked: number;
  /** Number of messages that will be delivered again. */
  readonly retried: number;
  /** The report of the run, if one had begun. */
  readonly report?: RunReport | undefined;
  /** Error of the run, if it failed. */
  readonly error?: unknown;
}
