/**
 * A COPY that its client gives up, while the table is locked: `given-up-copy.ts URL UNLOCK` unlocks it
 * after so many milliseconds. Prints what became of the run.
 */
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { postgresSink } from "../../src/adapters/postgres.ts";
import { etl } from "../../src/index.ts";

const [url = "", unlockAfter = "0"] = process.argv.slice(2);
const owner = new pg.Client({ connectionString: url });
await owner.connect();
await owner.query("drop table if exists given_up; create table given_up (id int)");
const pool = new pg.Pool({ connectionString: url, query_timeout: 150 });
pool.on("error", () => {});
const sink = postgresSink(pool, { table: "given_up", columns: ["id"], method: "copy", copyFrom });
await sink.load([], { runId: "known", batch: { attempt: 1 } });
await owner.query("begin; lock table given_up");
const run = etl({ name: "given up", extract: () => [{ id: 1 }, { id: 2 }], load: sink.load })
  .run({ batchSize: 2, retry: { maxAttempts: 5000, baseDelay: 5, maxDelay: 20 } });
await wait(Number(unlockAfter));
await owner.query("commit");
const { outcome } = await run;
await pool.end();
const { rows } = await owner.query("select count(*)::int as n from given_up");
await owner.end();
console.log(JSON.stringify({ outcome, rows: (rows as { n: number }[])[0]!.n }));
