import { describe, expect, it } from "vitest";
import { consumeQueue } from "../../../src/adapters/cloudflare.ts";
import type { DeadLetter } from "../../../src/index.ts";
import { toldMessages } from "../../support/cloudflare/messages.ts";

const bodies = { a: 1, b: 2, c: -3, d: 4 };
const positive = ({ body }: { body: number }) => {
  if (body < 0) throw new Error("It is negative");
  return { n: body };
};

describe("consumeQueue()", () => {
  it("tells each message once: what is loaded is done, what fails comes again", async () => {
    const { messages, told } = toldMessages(bodies);
    const rows: object[] = [];
    const outcome = await consumeQueue({ messages }, {
      name: "numbers",
      transform: positive,
      load: (more) => void rows.push(...more),
    }, { batchSize: 2 });
    expect(outcome).toMatchObject({ acked: 3, retried: 1, report: { loaded: 3, returned: 1 } });
    expect(outcome).not.toHaveProperty("error");
    expect(told.toSorted()).toEqual(["a ack", "b ack", "c retry 2", "d ack"]);
    expect(rows).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
  });

  it("isolates the message whose row the load refuses", async () => {
    const { messages, told } = toldMessages(bodies, 3);
    const outcome = await consumeQueue({ messages }, {
      name: "numbers",
      load: (more: readonly { body: number }[]) => {
        if (more.some(({ body }) => body < 0)) throw new Error("It is negative");
      },
    }, { batchSize: 10 });
    expect(outcome).toMatchObject({ acked: 3, retried: 1 });
    expect(told).toContain("c retry 8");
  });

  it("keeps a dead letter from a delivery on, and then it is done", async () => {
    for (const [attempts, wanted] of [[2, "c retry 5"], [3, "c ack"]] as const) {
      const { messages, told } = toldMessages(bodies, attempts);
      const letters: DeadLetter[] = [];
      await consumeQueue({ messages }, { name: "n", transform: positive, load: () => {} }, {
        deadLetters: new WritableStream({ write: (letter) => void letters.push(letter) }),
        maxDeliveries: 3,
        retryDelay: (attempts) => attempts + 3,
      });
      expect(told).toContain(wanted);
      expect(told).toHaveLength(4);
      expect(letters.map(({ item, attempts }) => [(item as { id: string }).id, attempts]))
        .toEqual(wanted === "c ack" ? [["c", 3]] : []);
    }
  });

  it("has all come again that were not done when the run failed, and does not reject", async () => {
    const { messages, told } = toldMessages(bodies);
    const failure = new Error("It cannot begin");
    const outcome = await consumeQueue({ messages }, {
      name: "numbers",
      preProcess: () => {
        throw failure;
      },
      load: () => {},
    });
    expect(outcome).toMatchObject({ acked: 0, retried: 4, error: { cause: failure } });
    expect(outcome.report).toMatchObject({ outcome: "failed" });
    expect(told).toEqual(["a retry 2", "b retry 2", "c retry 2", "d retry 2"]);
  });

  it("has what was not read come again when it is told to stop", async () => {
    const { messages, told } = toldMessages(bodies);
    const stop = new AbortController();
    const outcome = await consumeQueue({ messages }, {
      name: "numbers",
      load: () => stop.abort(new Error("enough")),
    }, { batchSize: 1, signal: stop.signal });
    expect(outcome).toMatchObject({ error: { code: "CANCELLED" } });
    expect(outcome.acked + outcome.retried).toBe(4);
    expect(told).toHaveLength(4);
    expect(told[0]).toBe("a ack");
  });

  it("tells each copy of a message, and loads one", async () => {
    const { messages, told } = toldMessages({ a: 1 });
    const rows: object[] = [];
    const outcome = await consumeQueue({ messages: [...messages, ...messages] }, {
      name: "numbers",
      load: (more) => void rows.push(...more),
    });
    expect(outcome).toMatchObject({ acked: 2, retried: 0 });
    expect(told).toEqual(["a ack", "a ack"]);
    expect(rows).toHaveLength(1);
  });

  it.each([
    [{ maxDeliveries: 3 }, "'maxDeliveries' must be given if, and only if, 'deadLetters' is"],
    [{ deadLetters: () => new WritableStream() }, "'maxDeliveries' must be given if, and only if"],
    [null, "Cannot consume queue as 'options' must be an object: current value is null"],
    [{ retryDelay: 5 }, "'retryDelay' must be a function"],
    [{ checkpoints: {} }, "checkpoints"],
  ])("tells of wrong options as of any failure: %o", async (options, message) => {
    const { messages, told } = toldMessages({ a: 1 });
    const pipeline = { name: "n", load: () => {} };
    const outcome = await consumeQueue({ messages }, pipeline, options as never);
    expect(outcome).toMatchObject({ acked: 0, retried: 1 });
    expect(`${outcome.error as Error}`).toContain(message);
    expect(told).toEqual(["a retry 2"]);
  });

  it.each([[-5, 0], [1e9, 86_400], [1.6, 2], [NaN, 2], ["x", 2]])(
    "takes a delay of %o for %o seconds",
    async (delay, seconds) => {
      const { messages, told } = toldMessages({ a: -1 });
      const pipeline = { name: "n", transform: positive, load: () => {} };
      await consumeQueue({ messages }, pipeline, { retryDelay: () => delay as number });
      expect(told).toEqual([`a retry ${seconds}`]);
    },
  );
});
