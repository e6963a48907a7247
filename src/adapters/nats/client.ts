/**
 * Parts of the clients of `@nats-io` that are used, by shape: none of them is imported.
 * @module
 */
import { callable, type Rule } from "../../options.ts";

/** A value of a key, as a bucket of `@nats-io/kv` gives it. */
export interface NatsEntry {
  /** The key. */
  readonly key: string;
  /** Its bytes. */
  readonly value: Uint8Array;
  /** The place of the change in the stream of the bucket. */
  readonly revision: number;
  /** Time at which it was stored, by the clock of the server. */
  readonly created: Date;
  /** `"PUT"`, or the operation that removed the value. */
  readonly operation: string;
}

/** A bucket of `@nats-io/kv`: what `new Kvm(connection).create(…)` or `open(…)` gives. */
export interface NatsKv {
  /** The value of a key, if it ever had one. */
  get(key: string): Promise<NatsEntry | null>;
  /** Stores a value and gives its revision; with `previousSeq` only if that is the last one. */
  put(key: string, value: Uint8Array, options?: { previousSeq: number }): Promise<number>;
  /** The values of some keys, and all changes from then on. */
  watch(options: { key: string }): Promise<NatsWatch>;
}

/** The changes of a bucket. */
export interface NatsWatch extends AsyncIterable<NatsEntry & { readonly isUpdate: boolean }> {
  /** Ends it. */
  stop(): void;
}

/** The headers of a message: what `headers()` of the client gives. */
export interface NatsHeaders {
  /** The value of a header; an empty text where there is none. */
  get(name: string): string;
  /** Sets a header. */
  set(name: string, value: string): void;
}

/** A message as a stream has it. */
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
  /** The last message of a subject, or its next one from a place on, if there is one. */
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
   * Stores a message, with the `headers` of the options; with their `expect.lastSubjectSequence` only
   * if that is the last one of its subject.
   */
  publish(subject: string, data: Uint8Array, options?: object): Promise<{ readonly seq: number }>;
  /** Finds streams. */
  readonly streams: { get(name: string): Promise<NatsStream> };
}

/** A message that a consumer has lent. */
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
  /** Says that its work is done, and waits until the server has heard it. */
  ackAck(): Promise<boolean>;
  /** Gives it back, at once or after so many milliseconds. */
  nak(delay?: number): void;
  /** Says that it is worked on, so that it is not delivered again for another while. */
  working(): void;
}

/**
 * A pull consumer with acknowledgements, as `jetstream(connection).consumers.get(…)` returns it.
 */
export interface NatsConsumer {
  /** Asks for messages, for so many milliseconds at most. */
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
