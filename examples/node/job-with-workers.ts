// Copies a table into another one, with workers that share only PostgreSQL. By default it uses PGlite
// and three workers in this process. If DATABASE_URL names a server, run it in one terminal, and with
// the argument `work` in others. You can kill any of these workers.
//
// Run: node examples/node/job-with-workers.ts
// Last line: completed: 40 of 40 partitions, 20000 of 20000 rows
import process from "node:process";
import { PGlite } from "@electric-sql/pglite";
import { coordinate, type Job, work } from "millrace/jobs";
import * as postgres from "millrace/postgres";
import pg from "pg";

type Sale = { id: number; euros: number };
type Entry = { id: number; cents: number };

const connectionString = process.env["DATABASE_URL"];
const pool = connectionString ? new pg.Pool({ connectionString }) : undefined;
pool?.on("error", console.error); // Idle connections fail when the server stops.
const client = pool ?? new PGlite();
const query = (sql: string) => pool ? pool.query(sql) : (client as PGlite).query(sql);
const name = process.env["JOB"] ?? "sales-1"; // Each job needs its own name.
const store = postgres.postgresJobStore(client, { job: name, lease: 5_000 });
const sink = postgres.postgresSink(client, { table: "entry", columns: ["id", "cents"] });

const job: Job<postgres.PostgresKeyRange, Sale, Entry> = {
  name,
  split: () => postgres.splitByKey(client, "sale", "id", { rows: 500 }),
  id: ({ after }) => `after ${after}`,
  pipeline: ({ after, upTo }) => ({
    extract: ({ checkpoint }) =>
      postgres.postgresSource<Sale>(client, "select id, euros from sale", [], {
        ...{ key: "id", upTo },
        after: checkpoint?.position ?? after, // Resumes after the last loaded row.
      }),
    transformBatch: async (sales) => {
      await new Promise((go) => setTimeout(go, pool ? 250 : 10)); // Simulates slow work.
      return sales.map(({ id, euros }) => ({ id, cents: euros * 100 }));
    },
    load: sink.load,
  }),
};

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("Ctrl-C")));

async function begin() {
  await query("create table if not exists entry (id bigint, cents bigint)"); // No key.
  await query("create table if not exists sale (id bigint primary key, euros int)");
  await query(
    "insert into sale select id, id % 100 from generate_series(1, 20000) id on conflict do nothing",
  );
}

function workUntilDone(lanes: number) {
  const run = {
    checkpoints: sink.checkpoints, // Rows and mark are one commit.
    guarantee: "effectively-once",
    resume: "source",
    position: ({ id }: Sale) => id,
    batchSize: 250,
  } as const;
  return work(job, { store, lanes, until: "done", signal: stop.signal, run });
}

if (process.argv[2] === "work") console.log(await workUntilDone(1));
else {
  await begin();
  const working = pool ? undefined : workUntilDone(3);
  const report = await coordinate(job, {
    ...{ store, signal: stop.signal },
    onProgress: ({ partitions, loaded }) =>
      console.log(`${partitions.completed} completed, ${partitions.held} running, ${loaded} rows`),
  });
  await working;
  const { rows: [row] } = await query("select count(distinct id)::int as n from entry");
  const { n } = row as { n: number };
  const { outcome, partitions: { completed, total }, loaded } = report;
  console.log(`${outcome}: ${completed} of ${total} partitions, ${loaded} of ${n} rows`);
}
await (pool ? pool.end() : (client as PGlite).close());
