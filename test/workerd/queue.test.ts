// @ts-expect-error: the types of a Worker are those of no other test.
import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { expect, it } from "vitest";
import {
  consumeQueue,
  type D1Binding,
  d1Sink,
  type QueueBatch,
} from "../../src/adapters/cloudflare.ts";

interface Queue {
  sendBatch(messages: { body: number }[]): Promise<unknown>;
}
interface Env {
  readonly DB: D1Binding;
  readonly QUEUE: Queue;
  readonly OUTAGE: Queue;
}
const { DB, QUEUE, OUTAGE } = env as Env;
const all = async (...statements: string[]) =>
  (await DB.batch(statements.map((sql) => DB.prepare(sql)))).at(-1)!.results as { n: number }[];

/** Waits for the first dead message. The queue says nothing. */
async function untilDead(table: string): Promise<void> {
  while ((await all(`select n from ${table}`)).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it("a queue has each good message loaded once, and the bad one alone among the dead", async () => {
  await all(
    "drop table if exists numbers",
    "drop table if exists dead",
    "drop table if exists millrace_delivery",
    "create table numbers (n integer check (n > 0), attempts integer)",
    "create table dead (n integer, attempts integer)",
  );
  await QUEUE.sendBatch([1, 2, -3, 4, 5, 6].map((body) => ({ body })));
  await untilDead("dead");
  expect(await all("select n from dead")).toEqual([{ n: -3 }]);
  const rows = await all("select n, attempts from numbers order by n");
  expect(rows).toEqual([1, 2, 4, 5, 6].map((n) => ({ n, attempts: 1 })));
});

it("a queue has each message loaded once through outages of D1 and lost answers", async () => {
  await all(
    "drop table if exists outage",
    "drop table if exists buried",
    "drop table if exists millrace_delivery",
    "create table outage (n integer check (n > 0), attempts integer)",
    "create table buried (n integer, attempts integer)",
  );
  const bodies = Array.from({ length: 30 }, (_, n) => n === 7 ? -7 : n + 1);
  await OUTAGE.sendBatch(bodies.map((body) => ({ body })));
  await untilDead("buried");
  expect(await all("select n from buried")).toEqual([{ n: -7 }]);
  const rows = await all("select n from outage order by n");
  expect(rows.map(({ n }) => n)).toEqual(bodies.filter((n) => n > 0));
  expect(await all("select max(attempts) > 1 as n from outage")).toEqual([{ n: 1 }]);
});

it("consumeQueue() tells the messages of workerd what has become of them", async () => {
  await all(
    "drop table if exists numbers",
    "create table numbers (n integer check (n > 0))",
  );
  const batch: QueueBatch<number> = createMessageBatch(
    "numbers",
    [1, -2, 3].map((body, n) => ({ id: `m${n}`, timestamp: new Date(), attempts: 2, body })),
  );
  const { load } = d1Sink(DB, { table: "numbers" });
  const { acked, retried, error } = await consumeQueue(batch, {
    name: "numbers",
    transform: ({ body }) => ({ n: body }),
    load,
  });
  expect({ acked, retried, error }).toEqual({ acked: 2, retried: 1, error: undefined });
  const result = await getQueueResult(batch, createExecutionContext());
  expect(result).toMatchObject({
    explicitAcks: ["m0", "m2"],
    retryMessages: [{ msgId: "m1" }],
  });
});
