import { describe, expect, it } from "vitest";
import { type NatsConsumer, natsSource } from "../../../src/adapters/nats.ts";
import type { NatsMessage } from "../../../src/adapters/nats/client.ts";
import { etl } from "../../../src/index.ts";
import { nextMacrotask } from "../../../src/runtime/macrotask.ts";

/** A consumer without a server, which gives what `next` gives for each fetch. */
function consumerOf(
  next: (most: number) => readonly NatsMessage[],
  pending = () => 0,
): NatsConsumer {
  const config = { ack_policy: "explicit" };
  return {
    info: () => Promise.resolve({ num_pending: pending(), num_ack_pending: 0, config }),
    async fetch({ max_messages }) {
      await nextMacrotask();
      return (async function* () {
        yield* next(max_messages);
      })();
    },
  };
}

/** A message at a place of a stream, stored at a time. */
function messageAt(
  seq: number,
  timestampNanos: number,
  ackAck: NatsMessage["ackAck"],
  nak = () => {},
): NatsMessage {
  const data = new TextEncoder().encode(String(timestampNanos));
  const info = { deliveryCount: 1, stream: "numbers", timestampNanos };
  return { seq, data, subject: "numbers.new", info, ackAck, nak, working: () => {} };
}

type Places = readonly (readonly [seq: number, time: number])[];

/**
 * What a run loads and tells of two fetches, the second one after all of the first was told; the server
 * confirms nothing.
 */
async function runOf(first: Places, second: Places): Promise<{ loaded: number[]; told: number[] }> {
  const [loaded, told] = [[], []] as [number[], number[]];
  const left = [first, second];
  const messages = () => {
    if (left.length === 1 && told.length < first.length) return [];
    return (left.shift() ?? []).map(([seq, time]) =>
      messageAt(seq, time, () => {
        told.push(time);
        return Promise.reject(new Error("no answer"));
      })
    );
  };
  const source = natsSource<number>(consumerOf(messages, () => left.length), { until: "idle" });
  const load = (rows: { data: number }[]) => void loaded.push(...rows.map(({ data }) => data));
  const numbers = etl({ name: "numbers", extract: () => source, load });
  await numbers.run({ batchSize: first.length });
  return { loaded, told };
}

describe("a source that two runs have", () => {
  it("goes on for one of them when the other ends, and both give back what they have", async () => {
    let last = 0;
    const out = new Set<number>();
    const consumer = consumerOf((most) =>
      Array.from({ length: most }, () => {
        const seq = ++last;
        out.add(seq);
        const end = () => void out.delete(seq);
        return messageAt(seq, seq, () => Promise.resolve(true).finally(end), end);
      })
    );
    const source = natsSource<number>(consumer, { batch: 2 });
    const begin = (load: () => void) =>
      etl({ name: "numbers", extract: () => source, load }).start({ batchSize: 2 });
    let [isAlone, loadsAlone] = [false, 0];
    const [begun, wentOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = begin(() => {});
    const other = begin(() => {
      begun.resolve();
      if (isAlone && ++loadsAlone === 10) wentOn.resolve();
    });
    await begun.promise;
    expect((await first.drain()).outcome).toBe("drained");
    isAlone = true;
    await Promise.race([wentOn.promise, other.finished]);
    expect((await other.drain()).outcome).toBe("drained");
    expect([...out]).toEqual([]);
  });
});

describe("messages whose acknowledgement is not confirmed", () => {
  it("are told again, and not given; one of a new stream at the same place is", async () => {
    const { loaded, told } = await runOf([[1, 1]], [[1, 1], [1, 2]]);
    expect(loaded).toEqual([1, 2]);
    expect(told).toEqual([1, 1, 2]);
  });

  it("are known up to a number of them, so that a run without end has room", async () => {
    const first = Array.from({ length: 10_001 }, (_, n) => [n, n] as const);
    const { loaded } = await runOf(first, [[10_000, 10_000], [0, 0]]);
    expect(loaded).toHaveLength(10_002);
    expect(loaded.at(-1)).toBe(0);
  });
});
