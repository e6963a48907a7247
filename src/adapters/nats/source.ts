import {
  callable,
  checkOptions,
  type Complete,
  fail,
  oneOf,
  type OptionTable,
  positiveInteger,
  positiveIntegerOrInfinity,
  type Rule,
} from "../../options.ts";
import { sleep } from "../../runtime/deadline.ts";
import { chunks } from "../../streams/chunks.ts";
import { type Leased, leased } from "../../streams/leased.ts";
import { type NatsConsumer, type NatsMessage, pullConsumer } from "./client.ts";
import { type Delivery, Fetches, giveBack, idOf } from "./fetches.ts";

/** The options of `natsSource`. */
export interface NatsSourceOptions<T> {
  /** Decodes the bytes of a message to the data of a delivery. @default {JSON} */
  decode?: ((data: Uint8Array) => T) | undefined;
  /** Maximum number of messages in a fetch: a positive integer. @default {100} */
  batch?: number | undefined;
  /**
   * Time that a fetch waits for messages, in milliseconds: an integer of at least 1000. Ending a
   * run may take that long.
   * @default {1000}
   */
  expires?: number | undefined;
  /**
   * Number of deliveries after which a message is given up on: a positive integer or `Infinity`. It then
   * becomes a dead letter, or fails the run. The `max_deliver` of the consumer should be unlimited.
   * @default {5}
   */
  maxAttempts?: number | undefined;
  /**
   * Pause before a failed message is delivered again, in milliseconds, or a function of the number of its
   * deliveries.
   * @default {1000}
   */
  retryDelay?: number | ((attempt: number) => number) | undefined;
  /**
   * End of the source. `"idle"`: nothing is left, and no other process has messages; `"never"`: the run
   * is drained or aborted.
   * @default {"never"}
   */
  until?: "never" | "idle" | undefined;
}

type Settings<T> = Complete<NatsSourceOptions<T>>;

const expiry: Rule = {
  expected: "an integer of at least 1000",
  test: (value) => Number.isSafeInteger(value) && (value as number) >= 1000,
};
const delay: Rule = {
  expected: "a finite number of at least 0, or a function of the attempt",
  test: (value) =>
    typeof value === "function" ||
    typeof value === "number" && value >= 0 && Number.isFinite(value),
};

/**
 * Reads the messages of a pull consumer of NATS (JetStream) that requires acknowledgements (`ack_policy`
 * `"explicit"`). Each message is lent until the run reports its outcome:
 *
 * - loaded, skipped, or stored as a dead letter: acknowledged, and confirmed by the server;
 * - failed: returned for `retryDelay`, and counted as `returned`; at `maxAttempts` a dead letter;
 * - unfinished when the run ends: returned at once.
 *
 * While a message is lent, the lease is extended three times per `ack_wait`, so a slow load does not
 * cause a second delivery. At most `batch` messages wait in addition to those in the run. If the server
 * cannot be reached, the source waits for it. A killed run loses nothing: its messages are delivered
 * again after `ack_wait`. So rows are loaded at least once, and exactly once if the `load` is that of a
 * sink that keeps deliveries, such as `sqliteSink`.
 *
 * Messages without data, such as the marks of `natsSink`, are acknowledged and skipped. If `decode`
 * throws for a message, the message becomes a dead letter whose item has its bytes. Several runs may
 * share one source, even at the same time.
 *
 * @throws {ConfigurationError} If the argument is not a consumer, or an option breaks its rule.
 *
 * @example Orders as they come
 * ```ts ignore
 * import { jetstream } from "@nats-io/jetstream";
 * import { connect } from "@nats-io/transport-node";
 * import { etl } from "millrace";
 * import { natsSource } from "millrace/nats";
 *
 * const connection = await connect({ servers: "localhost" });
 * const consumer = await jetstream(connection).consumers.get("ORDERS", "etl");
 * const orders = etl({
 *   name: "orders",
 *   extract: () => natsSource<{ id: number }>(consumer, { retryDelay: (n) => 1000 * 2 ** n }),
 *   transform: ({ data, attempt }) => ({ ...data, attempt }),
 *   load: (rows) => console.log(rows),
 * });
 * await orders.run({ batchSize: 500, timeout: 1000, signal });
 * ```
 */
export function natsSource<T>(
  consumer: NatsConsumer,
  options: NatsSourceOptions<T> = {},
): Leased<Delivery<T>> {
  const action = "create natsSource";
  if (!pullConsumer.test(consumer)) fail(action, "consumer", pullConsumer.expected, consumer);
  const settings = checkOptions(action, options, tableOf<T>());
  const forOneRun = () => leasedBy(new LentMessages(consumer, settings), settings);
  // Several runs may have the same source at a time: the end of one is not to end the others.
  return Object.assign(forOneRun(), { lend: () => forOneRun().lend() });
}

function leasedBy<T>(
  lent: LentMessages<T>,
  { maxAttempts, retryDelay }: Settings<T>,
): Leased<Delivery<T>> {
  return leased(chunks({ [Symbol.asyncIterator]: () => lent.open() }), {
    acknowledge: (items) => lent.acknowledge(items),
    reject: ([item]) => {
      const { attempt } = item!;
      if (attempt >= maxAttempts) return "failed";
      lent.giveBack(item!, typeof retryDelay === "number" ? retryDelay : retryDelay(attempt));
      return "returned";
    },
    attemptsOf: ({ attempt }) => attempt,
    idOf: ({ id }) => id,
    release: (items) => lent.release(items),
    close: () => lent.close(),
  });
}

function tableOf<T>(): OptionTable<NatsSourceOptions<T>> {
  return {
    decode: [callable, (data) => JSON.parse(new TextDecoder().decode(data)) as T],
    batch: [positiveInteger, 100],
    expires: [expiry, 1000],
    maxAttempts: [positiveIntegerOrInfinity, 5],
    retryDelay: [delay, 1000],
    until: [oneOf("never", "idle"), "never"],
  };
}

const MOST_DONE = 10_000; // Of a server that confirms nothing; one that does leaves none.

/** Messages of a consumer that one run has. */
class LentMessages<T> {
  readonly #consumer: NatsConsumer;
  readonly #out = new Map<unknown, NatsMessage>();
  /** Messages that are done, by their ids, although no answer tells that the server knows it. */
  readonly #done = new Set<string>();
  readonly #fetches: Fetches<T>;
  readonly #beat = new AbortController();

  constructor(consumer: NatsConsumer, settings: Settings<T>) {
    this.#consumer = consumer;
    this.#fetches = new Fetches<T>(consumer, settings, this.#out, (message) => {
      if (message.data.length > 0 && !this.#done.has(idOf(message))) return true;
      void this.#tellDone(message);
      return false;
    });
  }

  open(): AsyncIterator<readonly Delivery<T>[]> {
    void this.#heartbeat(this.#beat.signal);
    return this.#fetches;
  }

  async acknowledge(items: readonly Delivery<T>[]): Promise<void> {
    await Promise.all(items.map((item) => this.#tellDone(this.#take(item))));
  }

  giveBack(item: Delivery<T>, delay?: number): void {
    const message = this.#take(item);
    if (message !== undefined) giveBack(message, delay);
  }

  async release(items: readonly Delivery<T>[]): Promise<void> {
    await this.#fetches.stop(); // Else they would come back to the fetch that is open.
    for (const item of items) this.giveBack(item);
  }

  async close(): Promise<void> {
    await this.#fetches.stop();
    this.#beat.abort();
  }

  #take(item: Delivery<T>): NatsMessage | undefined {
    const message = this.#out.get(item);
    this.#out.delete(item);
    this.#fetches.told++;
    return message;
  }

  /**
   * Acknowledges a message. Without an answer it may come again: it is then acknowledged, and not
   * yielded.
   */
  async #tellDone(message: NatsMessage | undefined): Promise<void> {
    if (message === undefined) return;
    const id = idOf(message);
    const isNew = !this.#done.has(id);
    this.#done.add(id);
    if (this.#done.size > MOST_DONE) this.#done.delete(this.#done.values().next().value!);
    try {
      await message.ackAck();
      this.#done.delete(id);
    } catch {
      if (isNew && message.data.length === 0) this.#done.delete(id);
    }
  }

  /** Extends the leases of lent messages, as long as the source is open. */
  async #heartbeat(signal: AbortSignal): Promise<void> {
    let wait = 1000;
    let isKnown = false;
    while (!signal.aborted) {
      if (!isKnown) {
        try {
          const { ack_wait } = (await this.#consumer.info()).config;
          isKnown = true;
          wait = (ack_wait ?? 30e9) / 1e6 / 3;
        } catch {
          // The server cannot be reached, which fetches tell if it stays so.
        }
      }
      await sleep(wait, signal);
      if (signal.aborted) return;
      for (const message of this.#out.values()) {
        try {
          message.working();
        } catch {
          return; // The connection is closed.
        }
      }
    }
  }
}
