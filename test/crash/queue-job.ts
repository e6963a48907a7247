import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { NatsServer } from "../support/nats/server.ts";
import { keepAlive, type Kills, killServer } from "./nats-job.ts";

/** What the consumers of a queue are told. */
export interface QueueTask {
  /** Where the server is. */
  readonly url: string;
  /** Names the stream and the pipeline. */
  readonly job: string;
  readonly role: "consumer";
  /** The database that the messages go into. */
  readonly path: string;
  /** How long a message is lent, in milliseconds. */
  readonly lease: number;
  /** How long a load takes in milliseconds. */
  readonly delay: number;
}

/** What is loaded, and how often its consumers and the server are killed. */
export interface QueueCrash extends Pick<QueueTask, "job" | "lease" | "delay">, Kills {
  /** A folder for the database. */
  readonly folder: string;
  readonly messages: number;
  readonly consumers: number;
}

/** What came of it. */
export interface QueueEnd {
  readonly killed: number;
  readonly freezes: number;
  /** Processes that have ended as the server could not be reached, and were begun again. */
  readonly failed: number;
  /** Messages that are not there. */
  readonly lost: number;
  /** Rows that are there twice. */
  readonly twice: number;
  /** Rows of messages that were delivered more than once. */
  readonly again: number;
  /** Ids of deliveries that are not those of the messages. */
  readonly strange: number;
  /** Messages that the server has still to hear of. */
  readonly open: number;
}

/** Has a queue emptied by processes of which each is killed at random instants, and begun again. */
export async function crashNatsQueue(server: NatsServer, crash: QueueCrash): Promise<QueueEnd> {
  const { job, folder, messages, lease, delay, consumers } = crash;
  const path = join(folder, `${job}.db`);
  const db = new DatabaseSync(path, { timeout: 5000 });
  db.exec("pragma journal_mode = wal; create table output (id integer, attempt integer)");
  const servers = server.url;
  const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await fill(connection, crash);
    const tally = { left: crash.kills, killed: 0, freezes: 0, failed: 0 };
    const isOver = new AbortController();
    const outages = killServer(server, crash, isOver.signal);
    const task: QueueTask = { url: servers, job, role: "consumer", path, lease, delay };
    const slots = Array.from({ length: consumers }, (_, slot) => slot);
    await Promise.all(
      slots.map((slot) => keepAlive(task, "test/crash/queue-worker.ts", slot, crash, tally)),
    );
    isOver.abort();
    await outages;
    const { killed, freezes, failed } = tally;
    const info = await (await jetstreamManager(connection)).consumers.info(job, "etl");
    const open = info.num_pending + info.num_ack_pending;
    return { killed, freezes, failed, open, ...found(db, messages) };
  } finally {
    await connection.close();
    db.close();
  }
}

async function fill(
  connection: NatsConnection,
  { job, messages, lease }: QueueCrash,
): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: job, subjects: [job] });
  await manager.consumers.add(job, {
    ...{ durable_name: "etl", ack_policy: AckPolicy.Explicit, ack_wait: lease * 1e6 }, // ns
  });
  const js = jetstream(connection);
  for (let id = 0; id < messages; id++) await js.publish(job, JSON.stringify({ id }));
}

function found(db: DatabaseSync, messages: number) {
  const [row] = db.prepare(
    `select count(*) as loaded, count(distinct id) as ids, coalesce(sum(attempt > 1), 0) as again,
      (select count(*) from millrace_delivery) as kept from output`,
  ).all() as [{ loaded: number; ids: number; again: number; kept: number }];
  return {
    lost: messages - row.ids,
    twice: row.loaded - row.ids,
    again: row.again,
    strange: Math.abs(row.kept - messages),
  };
}

/** Whether each message is there once, and the server knows. */
export function isWholeQueue({ lost, twice, strange, open }: QueueEnd): boolean {
  return lost + twice + strange + open === 0;
}
