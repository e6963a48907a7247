import { propertyOf } from "../../errors.ts";
import { etl } from "../../etl/etl.ts";
import { anyObject, callable, checkOptions, fail, positiveInteger } from "../../options.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { RunReport } from "../../report-types.ts";
import { chunks } from "../../streams/chunks.ts";
import { type Leased, leased } from "../../streams/leased.ts";
import type {
  QueueBatch,
  QueueMessage,
  QueueOptions,
  QueueOutcome,
  QueuePipeline,
} from "./queue.ts";

const action = "consume queue";

/**
 * Consumes a batch of messages of a queue: the `queue` handler of a Worker. It never rejects, so one bad
 * message does not make the queue redeliver the whole batch. Each message is acknowledged or retried
 * exactly once. It is acknowledged if it was loaded or skipped, or its dead letter is stored. It is
 * retried if it failed, or the run ended before it.
 *
 * If `load` is that of `d1Sink` or `durableObjectSink`, or of their `wrap`, the rows of a message are
 * written once, however often it is delivered: its id is part of the commit, and is kept for
 * `keepDeliveries`. With any other load they are written at least once.
 *
 * Check `error` of the result: it is the only report of a failure.
 *
 * @example A message without a text comes again
 * ```ts
 * import { consumeQueue } from "millrace/cloudflare";
 * import { deepEqual } from "node:assert/strict";
 *
 * const told: string[] = [];
 * const message = (id: string, body: { text?: string }) => ({
 *   ...{ id, body, attempts: 1 },
 *   ack: () => void told.push(`${id} done`),
 *   retry: ({ delaySeconds = 0 } = {}) => void told.push(`${id} in ${delaySeconds} s`),
 * });
 * const batch = { messages: [message("a", { text: "one" }), message("b", {})] };
 * const { acked, retried } = await consumeQueue(batch, {
 *   name: "texts",
 *   transform: ({ body: { text } }) => {
 *     if (text === undefined) throw new Error("no text");
 *     return { text };
 *   },
 *   load: (rows: { text: string }[]) => rows.length,
 * });
 * deepEqual([acked, retried, told.toSorted()], [1, 1, ["a done", "b in 2 s"]]);
 * ```
 */
export async function consumeQueue<Body, T = QueueMessage<Body>>(
  batch: QueueBatch<Body>,
  pipeline: QueuePipeline<Body, T>,
  options: QueueOptions<Body> = {},
): Promise<QueueOutcome> {
  const messages = new Messages<Body>(batch.messages, Object(options).retryDelay);
  try {
    if (!anyObject.test(options)) fail(action, "options", anyObject.expected, options);
    const { retryDelay, maxDeliveries, ...run } = options;
    checkOptions(action, { retryDelay, maxDeliveries }, {
      retryDelay: [callable],
      maxDeliveries: [positiveInteger],
    });
    if ((maxDeliveries === undefined) !== (run.deadLetters === undefined)) {
      const rule = "given if, and only if, 'deadLetters' is";
      fail(action, "maxDeliveries", rule, maxDeliveries);
    }
    const extract = () => messages.lent(maxDeliveries ?? Infinity);
    const job = etl<QueueMessage<Body>, T>({ ...membersOf(pipeline), extract });
    return messages.end(await job.run(run));
  } catch (error) {
    return { ...messages.end(propertyOf(error, "report") as RunReport | undefined, error), error };
  }
}

/** Messages, each settled once together with its copies: a batch may contain a message twice. */
class Messages<Body> {
  readonly #open = new Map<string, QueueMessage<Body>[]>();
  readonly #first: readonly QueueMessage<Body>[];
  readonly #delayOf: QueueOptions["retryDelay"];
  #acked = 0;
  #retried = 0;

  constructor(all: readonly QueueMessage<Body>[], delayOf: QueueOptions["retryDelay"]) {
    for (const message of all) {
      const copies = this.#open.get(message.id);
      if (copies === undefined) this.#open.set(message.id, [message]);
      else copies.push(message);
    }
    this.#first = [...this.#open.values()].map(([first]) => first!);
    this.#delayOf = delayOf;
  }

  /** Returns the messages as a source, which a run acknowledges or rejects one by one. */
  lent(maxDeliveries: number): Leased<QueueMessage<Body>> {
    return leased(chunks([this.#first]), {
      idOf: ({ id }) => id,
      attemptsOf: ({ attempts }) => attempts,
      acknowledge: (items) => items.forEach((message) => this.#ack(message)),
      reject: (items, error) => {
        if (items.some(({ attempts }) => attempts >= maxDeliveries)) return undefined;
        for (const message of items) this.#retry(message, error);
        return "returned";
      },
      release: (items) => items.forEach((message) => this.#retry(message, undefined)),
    });
  }

  /** Makes the queue redeliver all messages that were not settled. */
  end(report: RunReport | undefined, error?: unknown): QueueOutcome {
    for (const message of this.#first) this.#retry(message, error);
    return { acked: this.#acked, retried: this.#retried, report };
  }

  #ack({ id }: QueueMessage<Body>): void {
    for (const message of this.#take(id)) {
      message.ack();
      this.#acked++;
    }
  }

  #retry({ id }: QueueMessage<Body>, error: unknown): void {
    for (const message of this.#take(id)) {
      message.retry({ delaySeconds: this.#delay(message, error) });
      this.#retried++;
    }
  }

  #take(id: string): readonly QueueMessage<Body>[] {
    const messages = this.#open.get(id) ?? [];
    this.#open.delete(id);
    return messages;
  }

  #delay({ attempts }: QueueMessage<Body>, error: unknown): number {
    const usual = Math.min(2 ** attempts, 3600);
    try {
      const delay = Number(this.#delayOf?.(attempts, error) ?? usual);
      return Number.isFinite(delay) ? Math.min(Math.max(0, Math.round(delay)), 86_400) : usual;
    } catch {
      return usual; // A message must be told; what is wrong with the function is not its fault.
    }
  }
}

/** The members of a pipeline, which keep their object. */
function membersOf<Body, T>(
  pipeline: QueuePipeline<Body, T>,
): Omit<Pipeline<QueueMessage<Body>, T>, "extract"> {
  const members = ["preProcess", "transform", "transformBatch", "postProcess", "finalize"] as const;
  const bound = members.flatMap((member) => {
    const fn = pipeline[member] as ((...args: never[]) => unknown) | undefined;
    return fn === undefined ? [] : [[member, fn.bind?.(pipeline) ?? fn]];
  });
  const { name, load } = pipeline;
  // What a load has beside, such as the store of its sink, counts.
  const own = Object.assign(load.bind(pipeline), load) as typeof load;
  return { ...Object.fromEntries(bound), name, load: own };
}
