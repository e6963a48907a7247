import { describe, expect, it } from "vitest";
import { type DeadLetter, etl, type RunOptions } from "../../src/index.ts";
import { errorOf } from "../support/outcomes/error-of.ts";

interface Message {
  readonly body: string;
  ack(): void;
  retry(): void;
}

/** A broker that counts deliveries, and gives up on a message after the third. */
class Broker {
  readonly deadLetters: string[] = [];
  readonly acknowledged: string[] = [];
  /** How often a message was settled within one delivery: more than once is a fault. */
  readonly twice: string[] = [];
  #queue: { readonly body: string; deliveries: number }[];

  constructor(bodies: readonly string[]) {
    this.#queue = bodies.map((body) => ({ body, deliveries: 0 }));
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /**
   * Delivers all that waits, by the rules of a platform: what its handler has not settled is
   * acknowledged where that returns, and delivered again where it throws.
   */
  async deliver(handle: (messages: readonly Message[]) => Promise<unknown>): Promise<void> {
    const delivered = this.#queue;
    this.#queue = [];
    const settled = new Map<string, "ack" | "retry">();
    const settle = (body: string, how: "ack" | "retry") => {
      if (settled.has(body)) this.twice.push(body);
      else settled.set(body, how);
    };
    const messages = delivered.map(({ body }): Message => ({
      body,
      ack: () => settle(body, "ack"),
      retry: () => settle(body, "retry"),
    }));
    const hasThrown = await handle(messages).then(() => false, () => true);
    for (const message of delivered) {
      const how = settled.get(message.body) ?? (hasThrown ? "retry" : "ack");
      if (how === "ack") this.acknowledged.push(message.body);
      else if (++message.deliveries >= 3) this.deadLetters.push(message.body);
      else this.#queue.push(message);
    }
  }
}

const bodies = ["1", "2", "{", "4", "5", "6"];

/** The recipe of docs/recipes/queue.md. */
async function consume(
  messages: readonly Message[],
  load: (rows: number[]) => unknown,
  options: RunOptions<Message> = {},
): Promise<unknown> {
  const open = new Set(messages);
  const settle = (message: Message, how: "ack" | "retry") => {
    if (open.delete(message)) message[how]();
  };
  const orders = etl({
    name: "orders",
    extract: () => messages,
    transform: ({ body }: Message) => JSON.parse(body) as number,
    load,
    acknowledge: (done: readonly Message[]) => {
      for (const message of done) settle(message, "ack");
    },
  });
  const write = ({ item }: DeadLetter<Message>) => settle(item, "retry");
  const deadLetters = new WritableStream({ write });
  try {
    return await orders.run({ batchSize: 2, deadLetters, ...options });
  } finally {
    for (const message of [...open]) settle(message, "retry");
  }
}

async function untilEmpty(
  broker: Broker,
  handle: (messages: readonly Message[]) => Promise<unknown>,
) {
  for (let rounds = 0; !broker.isEmpty && rounds < 10; rounds++) await broker.deliver(handle);
  expect(broker.isEmpty).toBe(true);
  expect(broker.twice).toEqual([]);
}

describe("a queue whose consumer follows the recipe", () => {
  it.each([1, 2, 3])("dead-letters only the bad message, with %i workers", async (workers) => {
    const broker = new Broker(bodies);
    const loaded: number[] = [];
    await untilEmpty(
      broker,
      (messages) => consume(messages, (rows) => void loaded.push(...rows), { workers }),
    );
    expect(broker.deadLetters).toEqual(["{"]);
    expect(loaded.toSorted()).toEqual([1, 2, 4, 5, 6]);
    expect(broker.acknowledged.toSorted()).toEqual(["1", "2", "4", "5", "6"]);
  });

  it("dead-letters a message that cannot be loaded, and none that was loaded with it", async () => {
    const broker = new Broker(["1", "2", "3", "4"]);
    const loaded: number[] = [];
    await untilEmpty(broker, (messages) =>
      consume(messages, (rows) => {
        if (rows.includes(3)) throw new Error("no 3");
        loaded.push(...rows);
      }));
    expect(broker.deadLetters).toEqual(["3"]);
    expect(loaded.toSorted()).toEqual([1, 2, 4]);
  });

  it.each(["aborts", "cannot write letters"])(
    "loses no message if a run %s",
    async (how) => {
      const broker = new Broker(bodies.filter((body) => body !== "{"));
      const loaded = new Set<number>();
      let calls = 0;
      await untilEmpty(broker, (messages) => {
        const stop = new AbortController();
        const isFirst = calls++ === 0;
        return consume(messages, (rows) => {
          if (isFirst && how === "aborts" && rows.includes(4)) stop.abort(new Error("enough"));
          if (isFirst && how === "cannot write letters" && rows.includes(4)) throw new Error("no");
          for (const row of rows) loaded.add(row);
        }, {
          ...{ signal: stop.signal, drainTimeout: 0 },
          ...isFirst && how !== "aborts" && {
            deadLetters: new WritableStream({ write: () => Promise.reject(new Error("full")) }),
          },
        });
      });
      expect(broker.deadLetters).toEqual([]);
      expect([...loaded].toSorted()).toEqual([1, 2, 4, 5, 6]);
      expect(broker.acknowledged.toSorted()).toEqual(["1", "2", "4", "5", "6"]);
    },
  );

  it("otherwise loses the neighbours of a bad message, in one way or the other", async () => {
    const plain = (messages: readonly Message[]) =>
      etl({
        name: "orders",
        extract: () => messages,
        transform: ({ body }: Message) => JSON.parse(body) as number,
        load: () => {},
        acknowledge: (done: readonly Message[]) => done.forEach((message) => message.ack()),
        reject: (failed: readonly Message[]) => failed.forEach((message) => message.retry()),
      }).run({ batchSize: 2 });
    const caught = new Broker(bodies);
    await caught.deliver((messages) => errorOf(plain(messages)));
    expect(caught.acknowledged).toContain("6"); // It was never read by a load.
  });
});
