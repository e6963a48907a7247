import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import type { JobReport, PartitionResult } from "../../src/adapters/jobs.ts";
import { postgresJobStore } from "../../src/adapters/postgres.ts";
import { WriterProcess } from "./writer-process.ts";

/** What the processes of a job are told. */
export interface JobsTask {
  /** Where the database is. */
  readonly url: string;
  /** Names the job, and its pipeline. */
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
export interface JobsCrash
  extends Pick<JobsTask, "job" | "partitions" | "rows" | "bad" | "lease" | "delay"> {
  readonly workers: number;
  /** Kills and freezes. */
  readonly kills: number;
  /** How many of them are freezes, longer than the lease: 0 to 1. */
  readonly freezes: number;
  /** Most time from what a process tells first to its kill, in milliseconds. */
  readonly longest: number;
  /** Runtimes that take turns: one is Node alone. */
  readonly runtimes: number;
  readonly random: () => number;
}

/** What came of it. */
export interface JobsEnd {
  readonly killedWorkers: number;
  readonly killedCoordinators: number;
  readonly freezes: number;
  /** Rows of completed partitions that are neither there nor a letter. */
  readonly lost: number;
  /** Rows that are there twice. */
  readonly twice: number;
  /** Bad rows of completed partitions of which there is no letter. */
  readonly lettersLost: number;
  readonly letters: number;
  /** Completed partitions whose counts are not those of all rows, and items that only the report has. */
  readonly miscounted: number;
  /** Rows of the partition that always fails, by the report and in the table. */
  readonly poison: readonly [number, number];
  readonly report: JobReport;
}

/** Has a job done by processes of which each is killed at random instants, and begun again. */
export async function crashJob(url: string, crash: JobsCrash): Promise<JobsEnd> {
  const { job, partitions, rows, bad, lease, delay } = crash;
  const poison = Math.floor(partitions / 2);
  const task = { url, job, partitions, rows, poison, bad, lease, delay };
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  // The server may stop before the last byte of a connection that has ended.
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    await begin(pool, partitions * rows);
    const kills = { left: crash.kills, freezes: 0, workers: 0, coordinators: 0 };
    const outputs = await Promise.all(
      Array.from(
        { length: crash.workers + 1 },
        (_, slot) =>
          keepAlive({ ...task, role: slot === 0 ? "coordinator" : "worker" }, slot, crash, kills),
      ),
    );
    const report = JSON.parse(outputs[0]!.split("\n").at(-2)!) as JobReport;
    return {
      ...{ killedWorkers: kills.workers, killedCoordinators: kills.coordinators },
      ...{ freezes: kills.freezes, report },
      ...await verdict(pool, { ...task, role: "coordinator" }, report),
    };
  } finally {
    await pool.end();
  }
}

async function begin(pool: pg.Pool, rows: number): Promise<void> {
  await pool.query("drop table if exists source, target, millrace_dead_letter");
  await pool.query("create table target (id bigint, cents bigint)"); // A row may be there twice.
  await pool.query("create table source (id bigint primary key, euros int)");
  await pool.query(
    "insert into source select id, id % 1000 from generate_series(0, $1::int - 1) id",
    [rows],
  );
}

/** Begins a process again and again until one ends by itself; gives what that one has printed. */
async function keepAlive(
  task: JobsTask,
  slot: number,
  { longest, freezes, runtimes, random }: JobsCrash,
  kills: { left: number; freezes: number; workers: number; coordinators: number },
): Promise<string> {
  for (let life = slot;; life++) {
    const process = new WriterProcess(task, life % runtimes, "test/crash/jobs-worker.ts");
    if (random() < 0.9) await process.began;
    while (kills.left > 0) {
      kills.left--;
      await Promise.race([wait(random() * longest), process.ended]);
      if (random() >= freezes) {
        process.kill();
        break;
      }
      kills.freezes++;
      process.kill("SIGSTOP");
      await Promise.race([wait(task.lease * (1 + 2 * random())), process.ended]);
      process.kill("SIGCONT");
    }
    const { code, signal, stdout, stderr } = await process.ended;
    if (code === 0) return stdout;
    if (signal !== "SIGKILL") throw new Error(`A ${task.role} failed: ${stderr}`);
    kills[`${task.role}s`]++;
  }
}

/** Compares the table and the letters with the source, and the report with both. */
async function verdict(pool: pg.Pool, task: JobsTask, report: JobReport) {
  const { partitions, rows, poison, bad } = task;
  const ofPoison = `id / ${rows} = ${poison}`;
  const { rows: [found] } = await pool.query(`select
    (select count(*) - count(distinct id) from target)::int as twice,
    (select count(*) from target where ${ofPoison})::int as poisoned,
    (select count(*) from source s where not (${ofPoison}) and id % ${bad} <> 0
      and not exists (select from target t where t.id = s.id and t.cents = s.euros * 100))::int as lost`);
  const letters = await lettersOf(pool);
  const good = (id: number) => Math.floor(id / rows) !== poison;
  const ids = Array.from({ length: partitions * rows }, (_, id) => id);
  const badIds = ids.filter((id) => id % bad === 0 && good(id));
  const store = postgresJobStore(pool, { job: task.job });
  const results = await Array.fromAsync(store.results());
  const isWhole = ({ extracted, earlier, pending }: PartitionResult) =>
    extracted + earlier - pending === rows;
  const completed = results.filter(({ state }) => state === "completed");
  const counted = results.reduce((sum, { extracted, earlier }) => sum + extracted + earlier, 0);
  const dead = report.dead.find(({ partition }) => partition === `part ${poison}`);
  return {
    twice: found.twice as number,
    lost: found.lost as number,
    letters: letters.filter(good).length,
    lettersLost: badIds.filter((id) => !letters.includes(id)).length,
    miscounted: completed.filter((result) => !isWhole(result)).length +
      Math.abs(report.extracted + report.earlier - counted),
    poison: [dead?.loaded ?? 0, found.poisoned as number] as const,
  };
}

async function lettersOf(pool: pg.Pool): Promise<number[]> {
  const { rows: [has] } = await pool.query("select to_regclass('millrace_dead_letter') as is");
  if (has.is === null) return [];
  const { rows } = await pool.query("select item from millrace_dead_letter");
  return rows.map(({ item }) => Number((typeof item === "string" ? JSON.parse(item) : item).id));
}

/** Whether a job has ended as it should, with each row once. */
export function isWhole(end: JobsEnd, partitions: number): boolean {
  const { lost, twice, lettersLost, miscounted, poison, report } = end;
  const { completed, dead } = report.partitions;
  return lost + twice + lettersLost + miscounted === 0 && poison[0] === poison[1] &&
    completed === partitions - 1 && dead === 1;
}
