// A worker process of bench/jobs.ts: reports that it is ready, waits for the start, works and exits.
import { once } from "node:events";
import process from "node:process";
import pg from "pg";
import type * as Jobs from "../../src/adapters/jobs.ts";
import type * as Postgres from "../../src/adapters/postgres.ts";
import { waitingJob } from "./waiting-job.ts";

const builtOf = (name: string) => new URL(`../dist/adapters/${name}.js`, import.meta.url).href;
const { work }: typeof Jobs = await import(builtOf("jobs"));
const { postgresJobStore, postgresSink }: typeof Postgres = await import(builtOf("postgres"));

const [url, name, parts] = process.argv.slice(2) as [string, string, string];
const pool = new pg.Pool({ connectionString: url, max: 3 });
const sink = postgresSink(pool, { table: "entry", columns: ["id"] });
const store = postgresJobStore(pool, { job: name });
await store.read();
process.send!("ready");
await once(process, "message");
const run = {
  checkpoints: sink.checkpoints,
  guarantee: "effectively-once",
  batchSize: 100,
} as const;
await work(waitingJob(name, Number(parts), sink), { store, until: "done", run });
await pool.end();
process.disconnect();
