// Copies a table into another one by any number of processes that share nothing but PostgreSQL.
//
// Run: node examples/node/job.ts, and in two other terminals: node examples/node/job.ts work
// Last line: completed: 40 of 40 partitions, 20000 of 20000 rows
import process from "node:process";
import { coordinate, type Job, work } from "millrace/jobs";
import * as postgres from "millrace/postgres";
import pg from "pg";

type Sale = { id: number; euros: number };
type Entry = { id: number; cents: number };

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"] });
pool.on("error", console.error); // A server that stops ends the idle connections.
const name = process.env["JOB"] ?? "sales-1"; // Each job has a name of its own.
const store = postgres.postgresJobStore(pool, { job: name, lease: 5_000 });
const sink = postgres.postgresSink(pool, { table: "entry", columns: ["id", "cents"] });

const job: Job<postgres.PostgresKeyRange, Sale, Entry> = {
  name,
  split: () => postgres.splitByKey(pool, "sale", "id", { rows: 500 }),
  id: ({ after }) => `after ${after}`,
  pipeline: ({ after, upTo }) => ({
    extract: ({ checkpoint }) =>
      postgres.postgresSource<Sale>(pool, "select id, euros from sale", [], {
        ...{ key: "id", upTo },
        after: checkpoint?.position ?? after, // Resumes behind what is loaded.
      }),
    transformBatch: async (sales) => {
      await new Promise((go) => setTimeout(go, 100)); // Work that takes its time.
      return sales.map(({ id, euros }) => ({ id, cents: euros * 100 }));
    },
    load: sink.load,
  }),
};

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("Ctrl-C")));

async function begin() {
  await pool.query("create table if not exists entry (id bigint, cents bigint)"); // Without a key.
  await pool.query("create table if not exists sale (id bigint primary key, euros int)");
  await pool.query(
    "insert into sale select id, id % 100 from generate_series(1, 20000) id on conflict do nothing",
  );
}

if (process.argv[2] === "work") {
  const run = {
    checkpoints: sink.checkpoints, // Rows and mark are one commit.
    guarantee: "effectively-once",
    resume: "source",
    position: ({ id }: Sale) => id,
    batchSize: 100,
  } as const;
  console.log(await work(job, { store, until: "done", signal: stop.signal, run }));
} else {
  await begin();
  const { outcome, partitions, loaded } = await coordinate(job, {
    ...{ store, signal: stop.signal },
    onProgress: ({ partitions, loaded }) =>
      console.log(`${partitions.completed} completed, ${partitions.held} running, ${loaded} rows`),
  });
  const { rows: [{ n }] } = await pool.query("select count(distinct id)::int as n from entry");
  const { completed, total } = partitions;
  console.log(`${outcome}: ${completed} of ${total} partitions, ${loaded} of ${n} rows`);
}
await pool.end();
