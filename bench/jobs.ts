// How much do more worker processes speed up a job whose work waits?
//   npm run bench -- jobs --runtime node24
import { fork } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import type * as Jobs from "../src/adapters/jobs.ts";
import type * as Postgres from "../src/adapters/postgres.ts";
import { startPostgres } from "../test/support/postgres/server.ts";
import type { Question, Variant } from "./harness/question.ts";
import { ROWS, waitingJob } from "./harness/waiting-job.ts";

const builtOf = (name: string) => new URL(`./dist/adapters/${name}.js`, import.meta.url).href;
const { coordinate }: typeof Jobs = await import(builtOf("jobs"));
const { postgresJobStore, postgresSink }: typeof Postgres = await import(builtOf("postgres"));

const program = new URL("./harness/job-worker.ts", import.meta.url);

/** This many processes, which are ready when the clock starts. */
function variantOf(workers: number): Variant {
  return {
    items: 40 * ROWS,
    prepare: async (items) => {
      const server = await startPostgres();
      const pool = new pg.Pool({ connectionString: server.url, max: 3 });
      await pool.query("create table entry (id bigint)");
      pool.on("error", () => {}); // The server may stop before the last connection has closed.
      const name = "waits";
      const parts = Math.ceil(items / ROWS);
      const store = postgresJobStore(pool, { job: name, pollInterval: 50 });
      await store.read();
      const processes = Array.from(
        { length: workers },
        () => fork(program, [server.url, name, `${parts}`]),
      );
      await Promise.all(processes.map((process) => once(process, "message")));
      return async () => {
        for (const process of processes) process.send("go");
        const ends = processes.map((process) => once(process, "exit"));
        const job = waitingJob(name, parts, postgresSink(pool, { table: "entry" }));
        const { loaded } = await coordinate(job, { store });
        await Promise.all(ends);
        const { rows: [{ n }] } = await pool.query("select count(*)::int as n from entry");
        if (loaded !== parts * ROWS || n !== loaded) throw new Error("Not every row is there once");
        await pool.end();
        await server.stop();
      };
    },
  };
}

export const question: Question = {
  title: "Worker processes of a job",
  method:
    "A job of 40 partitions of 1,000 rows, stored in PostgreSQL. Every 100 rows wait for 30 ms and are " +
    "loaded with their mark in one commit. The clock starts once the processes are running.",
  variants: { "1 worker": variantOf(1), "2 workers": variantOf(2), "4 workers": variantOf(4) },
  comparisons: [
    {
      title: "two workers over one",
      ...{ variant: "2 workers", against: "1 worker", atLeast: 1.8 },
    },
    { title: "four workers over one", variant: "4 workers", against: "1 worker" },
  ],
};
