import { propertyOf } from "../../errors.ts";
import { sleep } from "../../runtime/deadline.ts";
import { malformed } from "../../streams/malformed.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import { codeOf, type NatsConsumer, type NatsMessage } from "./client.ts";

/** A message as an item of a run. */
export interface Delivery<T> {
  /** The decoded data of the message. */
  readonly data: T;
  /** Its subject. */
  readonly subject: string;
  /** Its place in the stream. */
  readonly sequence: number;
  /** Unique id of the message across all streams, made of its stream, sequence number and time. */
  readonly id: string;
  /** Number of its deliveries, this one included, as the server counts them. */
  readonly attempt: number;
}

/** Options for fetching messages. */
export interface FetchSettings<T> {
  readonly decode: (data: Uint8Array) => T;
  readonly batch: number;
  readonly expires: number;
  readonly until: "never" | "idle";
}

/** A message that is not there to be worked on, or whose work is done, is not given. */
type IsGiven = (message: NatsMessage) => boolean;

/** Pause after the server could not be reached, in milliseconds. */
const outagePause = 500;

/** Names of permanent errors: the connection was closed for good, or is not allowed to do this. */
const final = /ClosedConnection|DrainingConnection|InvalidArgument|Authorization|Permission/;

/**
 * The messages of a consumer, one fetch after the other, and none without demand. A fetch is read as its
 * messages come: a client forgets those that are left in it.
 */
export class Fetches<T> implements AsyncIterableIterator<readonly Delivery<T>[]> {
  /** Lent messages, by the items that the run knows them as. */
  readonly out: Map<unknown, NatsMessage>;
  readonly #consumer: NatsConsumer;
  readonly #settings: FetchSettings<T>;
  readonly #isGiven: IsGiven;
  #waiting: Delivery<T>[] = []; // Fetched, and not given yet.
  #fetch: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #quiet: { readonly told: number; readonly times: number } = { told: -1, times: 0 };
  #onChange = () => {};
  readonly #stop = new AbortController();
  /** Number of reports by the run. */
  told = 0;

  constructor(
    consumer: NatsConsumer,
    settings: FetchSettings<T>,
    out: Map<unknown, NatsMessage>,
    isGiven: IsGiven,
  ) {
    this.#consumer = consumer;
    this.#settings = settings;
    this.out = out;
    this.#isGiven = isGiven;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly Delivery<T>[], undefined>> {
    for (;;) {
      if (this.#stop.signal.aborted) return { done: true, value: undefined };
      if (this.#waiting.length > 0) return { done: false, value: this.#waiting.splice(0) };
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isOver) return { done: true, value: undefined };
      const changed = new Promise<void>((resolve) => this.#onChange = resolve);
      this.#fetch ??= this.#fetchAll();
      await changed;
    }
  }

  /** Ends the source at once. A fetch continues until its time is up, as its messages must be returned. */
  return(): Promise<IteratorResult<readonly Delivery<T>[], undefined>> {
    this.#stop.abort();
    this.#onChange();
    return Promise.resolve({ done: true, value: undefined });
  }

  /**
   * Ends the source, and returns undelivered messages once no fetch is open that would receive them
   * again.
   */
  async stop(): Promise<void> {
    await this.return();
    await this.#fetch;
    for (const delivery of this.#waiting.splice(0)) {
      const message = this.out.get(keyOf(delivery));
      this.out.delete(keyOf(delivery));
      if (message !== undefined) giveBack(message);
    }
  }

  async #fetchAll(): Promise<void> {
    const { batch: max_messages, expires } = this.#settings;
    let count = 0;
    try {
      const messages = await this.#consumer.fetch({ max_messages, expires });
      for await (const message of messages) {
        count++;
        this.#take(message);
      }
      if (count === 0 && this.#settings.until === "idle") this.#isOver = await this.#isIdle();
    } catch (error) {
      this.#failure = await this.#finalOf(error);
      if (this.#failure === undefined) await sleep(outagePause, this.#stop.signal);
    }
    this.#fetch = undefined;
    this.#onChange();
  }

  #take(message: NatsMessage): void {
    if (!this.#isGiven(message)) return;
    const { data, subject, seq: sequence, info: { deliveryCount: attempt } } = message;
    const raw: Delivery<Uint8Array> = { data, subject, sequence, id: idOf(message), attempt };
    let delivery: Delivery<T>;
    try {
      delivery = { ...raw, data: this.#settings.decode(data) };
      this.out.set(delivery, message);
    } catch (error) {
      delivery = malformed(raw, error) as unknown as Delivery<T>;
      this.out.set(raw, message);
    }
    this.#waiting.push(delivery);
    this.#onChange();
  }

  /**
   * Returns the error that ends the source after a failed fetch; `undefined` if the client
   * reconnects.
   */
  async #finalOf(error: unknown): Promise<{ readonly error: unknown } | undefined> {
    if (isFinal(error)) return { error };
    try {
      await this.#consumer.info();
      return undefined;
    } catch (cause) {
      return isFinal(cause) ? { error: cause } : undefined;
    }
  }

  /**
   * Returns true if no messages are left, or only those that the run has, if it has reported
   * nothing during two fetches: it may be waiting for more, to fill a batch.
   */
  async #isIdle(): Promise<boolean> {
    const { num_pending: pending, num_ack_pending: out } = await this.#consumer.info();
    if (pending > 0) return false;
    if (out === 0) return true;
    const { told, times } = this.#quiet;
    this.#quiet = { told: this.told, times: told === this.told ? times + 1 : 1 };
    return out <= this.out.size && this.#quiet.times >= 2;
  }
}

/** The id of a message. Of a stream that was deleted and made again, places are the same, and times are not. */
export function idOf({ seq, info }: NatsMessage): string {
  return `${info.stream}/${seq}/${info.timestampNanos}`;
}

/** Returns a message to the server, for redelivery at once or after `delay` milliseconds. */
export function giveBack(message: NatsMessage, delay?: number): void {
  try {
    message.nak(delay);
  } catch {
    // Without a connection it comes again once the server has waited for its acknowledgement.
  }
}

/** Returns the item that the run knows a delivery as. */
function keyOf(delivery: unknown): unknown {
  return isMalformed(delivery) ? delivery.raw : delivery;
}

/**
 * Returns true if the consumer or its stream is missing, or the connection can no longer be used.
 */
function isFinal(error: unknown): boolean {
  const code = codeOf(error);
  return code === 10014 || code === 10059 || final.test(String(propertyOf(error, "name")));
}
