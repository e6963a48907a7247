import { setTimeout as wait } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { JobReport, PartitionResult } from "../../src/adapters/jobs.ts";
import { natsJobStore, readNatsDeadLetters } from "../../src/adapters/nats.ts";
import type { NatsServer } from "../support/nats/server.ts";
import { WriterProcess } from "./writer-process.ts";

/** What the processes of a job are told. */
export interface NatsTask {
  /** Where the server is. */
  readonly url: string;
  /** Names the job, its pipeline and its streams. */
  readonly job: string;
  readonly role: "coordinator" | "worker";
  readonly partitions: number;
  /** Rows of each partition. */
  readonly rows: number;
  /** The partition that always fails. */
  readonly poison: number;
  /** Each row whose id is a multiple of it is bad. */
  readonly bad: number;
  /** Lease of a partition in milliseconds. */
  readonly lease: number;
  /** How long a load takes in milliseconds. */
  readonly delay: number;
}

/** What is loaded, and how often its processes are killed. */
export interface NatsCrash
  extends Pick<NatsTask, "job" | "partitions" | "rows" | "bad" | "lease" | "delay">, Kills {
  readonly workers: number;
}

/** How often processes and the server are killed. */
export interface Kills {
  /** Kills and freezes of processes. */
  readonly kills: number;
  /** How many of them are freezes, longer than the lease: 0 to 1. */
  readonly freezes: number;
  /** Kills of the server, which is started again at once. */
  readonly serverKills: number;
  /** Most time from what a process tells first to its kill, in milliseconds. */
  readonly longest: number;
  readonly random: () => number;
}

/** What came of it. */
export interface NatsEnd {
  readonly killed: number;
  readonly freezes: number;
  /** Processes that have ended as the server could not be reached, and were begun again. */
  readonly failed: number;
  /** Rows of completed partitions that are neither there nor a letter. */
  readonly lost: number;
  /** Rows that are there twice. */
  readonly twice: number;
  /** Bad rows of completed partitions of which there is no letter. */
  readonly lettersLost: number;
  /** Completed partitions whose counts are not those of all rows, and items that only the report has. */
  readonly miscounted: number;
  readonly report: JobReport;
}

interface Tally {
  left: number;
  killed: number;
  freezes: number;
  failed: number;
}

/** The names of what a job has in a server. */
export const namesOf = (job: string) => ({
  rows: `${job}-rows`,
  letters: `${job}-letters`,
  bucket: `${job}-bucket`,
});

/** Has a job done by processes of which each is killed at random instants, and begun again. */
export async function crashNatsJob(server: NatsServer, crash: NatsCrash): Promise<NatsEnd> {
  const { job, partitions, rows, bad, lease, delay, workers } = crash;
  const poison = Math.floor(partitions / 2);
  const task = { url: server.url, job, partitions, rows, poison, bad, lease, delay };
  const servers = server.url;
  const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await begin(connection, job);
    const tally = { left: crash.kills, killed: 0, freezes: 0, failed: 0 };
    const isOver = new AbortController();
    const outages = killServer(server, crash, isOver.signal);
    const slots = Array.from({ length: workers + 1 }, (_, slot) => slot);
    const outputs = await Promise.all(slots.map((slot) => {
      const role = slot === 0 ? "coordinator" : "worker";
      return keepAlive({ ...task, role }, "test/crash/nats-worker.ts", slot, crash, tally);
    }));
    isOver.abort();
    await outages;
    const report = JSON.parse(outputs[0]!.split("\n").at(-2)!) as JobReport;
    const { killed, freezes, failed } = tally;
    const found = await verdict(connection, { ...task, role: "worker" }, report);
    return { killed, freezes, failed, report, ...found };
  } finally {
    await connection.close();
  }
}

async function begin(connection: NatsConnection, job: string): Promise<void> {
  const { rows, letters, bucket } = namesOf(job);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: rows, subjects: [`${rows}.>`] });
  await manager.streams.add({ name: letters, subjects: [letters] });
  await new Kvm(connection).create(bucket, { allow_direct: false });
}

/** Kills the server some times, and starts it again at once. */
export async function killServer(
  server: NatsServer,
  { serverKills, longest, random }: Kills,
  signal: AbortSignal,
): Promise<void> {
  for (let left = serverKills; left > 0 && !signal.aborted; left--) {
    await wait(longest * (1 + random()));
    if (signal.aborted) return;
    await server.kill();
    await server.start();
  }
}

/** Begins a process again and again until one ends by itself; gives what that one has printed. */
export async function keepAlive(
  task: { readonly role: string; readonly lease: number },
  program: string,
  slot: number,
  { longest, freezes, random, serverKills }: Kills,
  tally: Tally,
): Promise<string> {
  for (let life = slot;; life++) {
    const process = new WriterProcess(task, life, program);
    if (random() < 0.9) await process.began;
    while (tally.left > 0) {
      tally.left--;
      await Promise.race([wait(random() * longest), process.ended]);
      if (random() >= freezes) {
        process.kill();
        break;
      }
      tally.freezes++;
      process.kill("SIGSTOP");
      await Promise.race([wait(task.lease * (1 + 2 * random())), process.ended]);
      process.kill("SIGCONT");
    }
    const { code, signal, stdout, stderr } = await process.ended;
    if (code === 0) return stdout;
    if (signal === "SIGKILL") tally.killed++;
    else if (++tally.failed > 10 * serverKills) throw new Error(`A ${task.role} failed: ${stderr}`);
  }
}

/** Compares the streams with what should be there, and the report with both. */
async function verdict(connection: NatsConnection, task: NatsTask, report: JobReport) {
  const { partitions, rows, poison, bad, job } = task;
  const names = namesOf(job);
  const js = jetstream(connection);
  const isGood = (id: number) => Math.floor(id / rows) !== poison;
  const place = { stream: names.letters, subject: names.letters };
  const letters = new Set<number>();
  for await (const { item } of readNatsDeadLetters(js, place)) letters.add(item as number);
  const loaded = await rowsOf(connection, names.rows);
  const unique = new Set(loaded);
  const ids = Array.from({ length: partitions * rows }, (_, id) => id).filter(isGood);
  const bucket = await new Kvm(connection).open(names.bucket, { allow_direct: false });
  const results = await Array.fromAsync(natsJobStore(bucket, { job }).results());
  const isWhole = ({ extracted, earlier, pending }: PartitionResult) =>
    extracted + earlier - pending === rows;
  const completed = results.filter(({ state }) => state === "completed");
  const counted = results.reduce((sum, { extracted, earlier }) => sum + extracted + earlier, 0);
  return {
    twice: loaded.length - unique.size,
    lost: ids.filter((id) => id % bad !== 0 && !unique.has(id)).length,
    lettersLost: ids.filter((id) => id % bad === 0 && !letters.has(id)).length,
    miscounted: completed.filter((result) => !isWhole(result)).length +
      Math.abs(report.extracted + report.earlier - counted),
  };
}

async function rowsOf(connection: NatsConnection, stream: string): Promise<number[]> {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(stream);
  const ids: number[] = [];
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(stream, { seq });
    if (message === null || message.data.length === 0) continue;
    ids.push(...message.json<{ id: number }[]>().map(({ id }) => id));
  }
  return ids;
}

/** Whether a job has ended as it should, with each row once. */
export function isWholeNats(end: NatsEnd, partitions: number): boolean {
  const { lost, twice, lettersLost, miscounted, report } = end;
  const { completed, dead } = report.partitions;
  return lost + twice + lettersLost + miscounted === 0 && completed === partitions - 1 &&
    dead === 1;
}
