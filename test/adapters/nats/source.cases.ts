import { AckPolicy, type Consumer, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { etl } from "../../../src/index.ts";
import {
  type NatsConsumer,
  natsSource,
  type NatsSourceOptions,
} from "../../../src/adapters/nats.ts";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import type { NatsBench } from "../../support/nats/bench.ts";

interface Order {
  readonly id: number;
}

let queues = 0;

/** A work queue of so many orders, and its consumer. */
async function queueOf(
  { connection, js }: Pick<NatsBench, "connection" | "js">,
  count: number,
  ackWait = 60_000,
) {
  const manager = await jetstreamManager(connection());
  const name = `orders-${queues++}`;
  const retention = RetentionPolicy.Workqueue;
  await manager.streams.add({ name, subjects: [`${name}.>`], retention });
  const ack_wait = ackWait * 1e6;
  const ack_policy = AckPolicy.Explicit;
  await manager.consumers.add(name, { durable_name: "etl", ack_policy, ack_wait });
  const publish = (data: string) => js().publish(`${name}.new`, new TextEncoder().encode(data));
  for (let id = 0; id < count; id++) await publish(JSON.stringify({ id }));
  const consumer: Consumer = await js().consumers.get(name, "etl");
  return { consumer, publish, facts: () => consumer.info(true) };
}

const idle = { until: "idle" } as const;
const explicit = { ack_policy: "explicit" };

const idsTo = (end: number) => Array.from({ length: end }, (_, id) => id);

/** A pipeline that keeps the ids of what it loads. */
function loading(consumer: NatsConsumer, options: NatsSourceOptions<Order> = idle) {
  const loaded: number[] = [];
  const job = etl({
    name: "orders",
    extract: () => natsSource<Order>(consumer, options),
    transform: ({ data: { id } }) => id,
    load: (ids: number[]) => void loaded.push(...ids),
  });
  return { loaded, job };
}

/** Defines the tests of messages as a source. */
export function testNatsSource(bench: NatsBench): void {
  describe.concurrent("while the server is there", () => { // Most of their time is that of fetches.
    testReading(bench);
    testReturns(bench);
    testDeliveries(bench);
    testEnds(bench);
  });
  testOutages(bench);
  testRefusals();
}

function testReading(bench: NatsBench): void {
  it("gives each message once, in order, and ends when nothing is left", async () => {
    const { consumer, facts } = await queueOf(bench, 250);
    const { loaded, job } = loading(consumer);
    const report = await job.run({ batchSize: 7, timeout: 50 });
    expect(report).toMatchObject({ loaded: 250, outcome: "completed", guarantee: "at-least-once" });
    expect(loaded).toEqual(idsTo(250));
    const { num_pending, num_ack_pending, num_redelivered } = await facts();
    expect([num_pending, num_ack_pending, num_redelivered]).toEqual([0, 0, 0]);
  });

  it("ends although the last batch is not full, and no time is set", async () => {
    const { consumer } = await queueOf(bench, 5);
    const { loaded, job } = loading(consumer);
    await job.run({ batchSize: 100 });
    expect(loaded).toEqual(idsTo(5));
  });

  it("keeps what it has from being delivered again, however slow the load is", async () => {
    // A heartbeat is sent three times as often as is needed: seconds late, it would still be in time.
    const { consumer, facts } = await queueOf(bench, 6, 5000);
    const job = etl({
      name: "slow",
      extract: () => natsSource<Order>(consumer, idle),
      load: () => new Promise((resolve) => setTimeout(resolve, 6500)),
    });
    const { loaded } = await job.run({ batchSize: 6 });
    expect(loaded).toBe(6);
    expect((await facts()).delivered.consumer_seq).toBe(6);
  });

  it("fetches no more than one fetch beside what the run has", async () => {
    const { consumer, facts } = await queueOf(bench, 100);
    const loads: number[] = [];
    const job = etl({
      name: "bounded",
      extract: () => natsSource<Order>(consumer, { ...idle, batch: 5 }),
      load: async () => void loads.push((await facts()).num_ack_pending),
    });
    await job.run({ batchSize: 5, timeout: 50, workers: 1 });
    expect(Math.max(...loads)).toBeLessThanOrEqual(25);
  });
}

function testReturns(bench: NatsBench): void {
  it("gives back what fails, until it is loaded or a dead letter", async () => {
    const { consumer, facts } = await queueOf(bench, 20);
    const letters: unknown[] = [];
    const loaded: number[] = [];
    const job = etl({
      name: "poison",
      extract: () => natsSource<Order>(consumer, { ...idle, maxAttempts: 4, retryDelay: 10 }),
      transform: ({ data: { id }, attempt }) => {
        if (id === 7 || id === 13 && attempt < 3) throw new Error(`no ${id}`);
        return { id, attempt };
      },
      load: (rows) => void loaded.push(...rows.map(({ id, attempt }) => id * 10 + attempt)),
    });
    const deadLetters = new WritableStream<{ item: unknown; attempts: number }>({
      write: ({ item, attempts }) => void letters.push([item, attempts]),
    });
    const report = await job.run({ batchSize: 1, deadLetters });
    expect(report).toMatchObject({ loaded: 19, deadLettered: 1, returned: 5, extracted: 25 });
    expect(loaded.toSorted((a, b) => a - b)).toEqual(
      idsTo(20).filter((id) => id !== 7).map((id) => id * 10 + (id === 13 ? 3 : 1)),
    );
    expect(letters).toEqual([[expect.objectContaining({ data: { id: 7 }, attempt: 4 }), 4]]);
    expect((await facts()).num_ack_pending).toBe(0);
  });

  it("makes a dead letter of a message that has no JSON, and passes over one without data", async () => {
    const { consumer, publish, facts } = await queueOf(bench, 2);
    for (const data of ["{", "", '{"id":2}']) await publish(data);
    const { loaded, job } = loading(consumer, { ...idle, maxAttempts: 1 });
    const items: { data: Uint8Array }[] = [];
    const deadLetters = new WritableStream<{ item: unknown }>({
      write: ({ item }) => void items.push(item as { data: Uint8Array }),
    });
    await job.run({ batchSize: 2, timeout: 50, deadLetters });
    expect(loaded).toEqual([0, 1, 2]);
    expect(items.map(({ data }) => new TextDecoder().decode(data))).toEqual(["{"]);
    const { num_pending, num_ack_pending } = await facts();
    expect([num_pending, num_ack_pending]).toEqual([0, 0]);
  });

  it("gives all back when a load fails, also what nobody has read", async () => {
    const { consumer, facts } = await queueOf(bench, 10, 60_000);
    const failing = etl({
      name: "failing",
      extract: () => natsSource<Order>(consumer, { ...idle, maxAttempts: 1 }),
      load: () => Promise.reject(new Error("no")),
    });
    await expect(failing.run({ batchSize: 3 })).rejects.toThrow();
    const { loaded, job } = loading(consumer);
    await job.run({ batchSize: 3, timeout: 50 });
    expect(loaded.toSorted((a, b) => a - b)).toEqual(idsTo(10));
    expect((await facts()).num_ack_pending).toBe(0);
  });
}

function testDeliveries(bench: NatsBench): void {
  it("has each row once by a sink that keeps deliveries, where acknowledgements are lost", async () => {
    const { consumer } = await queueOf(bench, 20, 3000);
    const db = new DatabaseSync(":memory:");
    db.exec("create table orders (id integer)");
    const sink = sqliteSink(db, { table: "orders" });
    const run = (consumer: NatsConsumer) =>
      etl({
        name: "once",
        extract: () => natsSource<Order>(consumer, idle),
        transform: ({ data }) => data,
        load: sink.load,
      }).run({ batchSize: 5, timeout: 50, guarantee: "effectively-once" });
    const forgetful: NatsConsumer = {
      info: () => Promise.resolve({ num_pending: 0, num_ack_pending: 0, config: explicit }),
      async fetch(options) {
        const messages = await consumer.fetch(options);
        return (async function* () {
          for await (const { seq, data, subject, info } of messages) {
            const ackAck = () => Promise.reject(new Error("It was killed"));
            yield { seq, data, subject, info, ackAck, nak: () => {}, working: () => {} };
          }
        })();
      },
    };
    expect((await run(forgetful)).loaded).toBe(20);
    expect(await run(consumer)).toMatchObject({ loaded: 0, skipped: 20 });
    const { count } = db.prepare("select count(*) count from orders").get() as { count: number };
    expect(count).toBe(20);
    db.close();
  });
}

function testEnds(bench: NatsBench): void {
  it("drains: what is not begun goes back at once", async () => {
    const { consumer, facts } = await queueOf(bench, 50, 60_000);
    const begun = Promise.withResolvers<void>();
    const job = etl({
      name: "drained",
      extract: () => natsSource<Order>(consumer, { batch: 20 }),
      load: () => begun.resolve(),
    });
    const run = job.start({ batchSize: 5 });
    await begun.promise;
    const { loaded, outcome } = await run.drain();
    expect(outcome).toBe("drained");
    const rest = loading(consumer);
    await rest.job.run({ batchSize: 5, timeout: 50 });
    expect(rest.loaded.length).toBe(50 - loaded);
    expect((await facts()).num_ack_pending).toBe(0);
  });

  it("ends a run that waits for messages", async () => {
    const { consumer } = await queueOf(bench, 0);
    const run = loading(consumer, {}).job.start({ batchSize: 5 });
    expect(await run.drain()).toMatchObject({ outcome: "drained", extracted: 0 });
  });

  it("fails where its consumer is gone", async () => {
    const { consumer } = await queueOf(bench, 0);
    const run = loading(consumer, {}).job.run({ batchSize: 5 });
    await consumer.delete();
    await expect(run).rejects.toThrow();
  });

  it("is refused with checkpoints, as a queue gives no message again", async () => {
    const { consumer } = await queueOf(bench, 0);
    const checkpoints = { read: () => undefined, write: () => {} };
    await expect(loading(consumer).job.run({ checkpoints })).rejects.toThrow(
      "'checkpoints' must be",
    );
  });
}

function testOutages(bench: NatsBench): void {
  it("goes on when the server was killed and started again", async () => {
    const { consumer, facts } = await queueOf({ ...bench, ...bench.hasty }, 60, 2000);
    const seen = new Set<number>();
    let isKilled = false;
    const job = etl({
      name: "outage",
      extract: () => natsSource<Order>(consumer, { ...idle, batch: 10 }),
      load: async (rows) => {
        for (const { data: { id } } of rows) seen.add(id);
        if (seen.size < 20 || isKilled) return;
        isKilled = true;
        await bench.server().kill();
        await bench.server().start();
      },
    });
    const report = await job.run({ batchSize: 5, timeout: 50 });
    expect([...seen].toSorted((a, b) => a - b)).toEqual(idsTo(60));
    expect(report.outcome).toBe("completed");
    const { num_pending, num_ack_pending } = await facts();
    expect([num_pending, num_ack_pending]).toEqual([0, 0]);
  });
}

function testRefusals(): void {
  it.each([
    [{ batch: 0 }, "'batch' must be a positive integer"],
    [{ expires: 999 }, "'expires' must be an integer of at least 1000"],
    [{ maxAttempts: 0 }, "'maxAttempts' must be a positive integer or Infinity"],
    [{ retryDelay: -1 }, "'retryDelay' must be a finite number of at least 0"],
    [{ until: "later" }, "'until' must be"],
    [{ decode: 1 }, "'decode' must be a function"],
  ])("refuses %o", (options, rule) => {
    const consumer = { fetch() {}, info() {} } as unknown as NatsConsumer;
    expect(() => natsSource(consumer, options as never)).toThrow(
      `Cannot create natsSource as ${rule}`,
    );
  });

  it("refuses what is no consumer", () => {
    expect(() => natsSource({} as NatsConsumer)).toThrow(
      "Cannot create natsSource as 'consumer' must be a pull consumer",
    );
  });
}
