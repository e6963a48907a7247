/**
 * The parts of the `@nats-io` clients that are used, by shape. None of them is imported.
 * @module
 */
import { callable, type Rule } from "../../options.ts";

/** A value of a key, as a bucket of `@nats-io/kv` returns it. */
export interface NatsEntry {
  /** The key. */
  readonly key: string;
  /** Its bytes. */
  readonly value: Uint8Array;
  /** The sequence number of the change in the stream of the bucket. */
  readonly revision: number;
  /** Time at which it was stored, by the clock of the server. */
  readonly created: Date;
  /** `"PUT"`, or the operation that removed the value. */
  readonly operation: string;
}

/** A bucket of `@nats-io/kv`: the result of `new Kvm(connection).create(…)` or `open(…)`. */
export interface NatsKv {
  /** Returns the value of a key, if it ever had one. */
  get(key: string): Promise<NatsEntry | null>;
  /** Stores a value and returns its revision; with `previousSeq` only if that is the latest revision. */
  put(key: string, value: Uint8Array, options?: { previousSeq: number }): Promise<number>;
  /** Returns the values of some keys, and all later changes. */
  watch(options: { key: string }): Promise<NatsWatch>;
}

/** The changes of a bucket. */
export interface NatsWatch extends AsyncIterable<NatsEntry & { readonly isUpdate: boolean }> {
  /** Ends the watch. */
  stop(): void;
}

/** The headers of a message: the result of `headers()` of the client. */
export interface NatsHeaders {
  /** Returns the value of a header; an empty text if there is none. */
  get(name: string): string;
  /** Sets a header. */
  set(name: string, value: string): void;
}

/** A message stored in a stream. */
export interface NatsStoredMessage {
  /** Its place in the stream. */
  readonly seq: number;
  /** Its headers. */
  readonly header: NatsHeaders;
  /** Its bytes. */
  readonly data: Uint8Array;
}

/** A stream of `@nats-io/jetstream`. */
export interface NatsStream {
  /** Returns the last message of a subject, or its next one from a place on, if there is one. */
  getMessage(
    query: { last_by_subj: string } | { seq: number; next_by_subj: string },
  ): Promise<NatsStoredMessage | null>;
  /** Removes a message. */
  deleteMessage(seq: number): Promise<boolean>;
  /** Returns its configuration. */
  info(): Promise<{ readonly config: { readonly retention: string } }>;
}

/** Client that `jetstream(connection)` of `@nats-io/jetstream` returns. */
export interface NatsJetStream {
  /**
   * Stores a message, with the `headers` of the options. With their `expect.lastSubjectSequence`, it is
   * stored only if that is the last message of its subject.
   */
  publish(subject: string, data: Uint8Array, options?: object): Promise<{ readonly seq: number }>;
  /** Finds streams. */
  readonly streams: { get(name: string): Promise<NatsStream> };
}

/** A message lent by a consumer. */
export interface NatsMessage {
  /** Its place in the stream. */
  readonly seq: number;
  /** Its bytes. */
  readonly data: Uint8Array;
  /** Its subject. */
  readonly subject: string;
  /**
   * Number of its deliveries, this one included; its stream, and the time at which that stored it.
   */
  readonly info: {
    readonly deliveryCount: number;
    readonly stream: string;
    readonly timestampNanos: number;
  };
  /** Acknowledges the message, and waits until the server has confirmed it. */
  ackAck(): Promise<boolean>;
  /** Returns the message to the server, for redelivery at once or after `delay` milliseconds. */
  nak(delay?: number): void;
  /** Extends the time until the message is delivered again, while it is being processed. */
  working(): void;
}

/**
 * A pull consumer with acknowledgements, as `jetstream(connection).consumers.get(…)` returns it.
 */
export interface NatsConsumer {
  /** Requests messages, for at most the given milliseconds. */
  fetch(
    options: { max_messages: number; expires: number },
  ): Promise<AsyncIterable<NatsMessage>>;
  /**
   * Returns the number of waiting messages, and the acknowledgement timeout of the server, in
   * nanoseconds.
   */
  info(): Promise<{
    readonly num_pending: number;
    readonly num_ack_pending: number;
    readonly config: { readonly ack_policy: string; readonly ack_wait?: number | undefined };
  }>;
}

/** Rule of a consumer. */
export const pullConsumer: Rule = {
  expected: "a pull consumer, such as `await jetstream(connection).consumers.get(stream, name)`",
  test: (value) => hasMethods(value, ["fetch", "info"]),
};

/** Rule of a client of JetStream. */
export const jetStreamClient: Rule = {
  expected: "a client of @nats-io/jetstream, such as `jetstream(connection)`",
  test: (value) =>
    hasMethods(value, ["publish"]) && hasMethods((value as NatsJetStream).streams, ["get"]),
};

/** Rule of a subject that messages are published to. */
export const plainSubject: Rule = {
  expected: "a subject without wildcards, such as `sales.rows`",
  test: (value) => typeof value === "string" && /^[^\s.*>]+(?:\.[^\s.*>]+)*$/.test(value),
};

/** Rule of a bucket. */
export const kvBucket: Rule = {
  expected: "a bucket of @nats-io/kv, such as `await new Kvm(connection).create(name)`",
  test: (value) => hasMethods(value, ["get", "put", "watch"]),
};

/** Returns true if a value has functions of these names. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => callable.test((value as Record<string, unknown>)[name]));
}

/** Returns true if the server has rejected a message as out of sequence. */
export function isOutOfTurn(error: unknown): boolean {
  const code = codeOf(error);
  return code === 10071 || code === 10164; // "wrong last sequence", without or with the right one
}

/** Returns the code of JetStream in the error of a client. */
export function codeOf(error: unknown): unknown {
  return (Object(error) as { code?: unknown }).code;
}
