// What does the PostgreSQL sink cost beyond the statements that it sends?
//   npm run bench -- sinks-postgres --runtime node24
import pg from "pg";
import type * as Postgres from "../src/adapters/postgres.ts";
import { startPostgres } from "../test/support/postgres/server.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";
import { etl } from "./harness/library.ts";
import { BATCH_SIZE, batchesOf, columns, type Row } from "./harness/rows.ts";

const built = new URL("./dist/adapters/postgres.js", import.meta.url).href;
const { postgresSink }: typeof Postgres = await import(built);

const ITEMS = 200_000;

/** Loads all rows, which were made before. */
type Driver = (pool: pg.Pool, batches: Row[][], workers: number) => Promise<unknown>;

/** One loop for each worker. */
async function inLoops(
  batches: readonly Row[][],
  workers: number,
  load: (rows: Row[], n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let n = next++; n < batches.length; n = next++) await load(batches[n]!, n);
  };
  await Promise.all(Array.from({ length: workers }, work));
}

const insert = `insert into rows (${columns}) select ${columns} from json_to_recordset($1::json)
  as x(id bigint, name text, email text, amount float8, ts timestamptz)`;

const drivers: Readonly<Record<string, Driver>> = {
  "by hand": async (pool, batches, workers) => {
    await pool.query("create table mark (key text primary key, done text)");
    await pool.query("insert into mark values ('k', '[]')");
    await inLoops(batches, workers, async (rows, n) => {
      const client = await pool.connect();
      await client.query("begin");
      await client.query(insert, [JSON.stringify(rows)]);
      const found = await client.query("select done from mark where key = $1 for update", ["k"]);
      const done: number[] = JSON.parse(found.rows[0].done).slice(-workers);
      const text = JSON.stringify([...done, n]);
      await client.query("update mark set done = $2 where key = $1", ["k", text]);
      await client.query("commit");
      client.release();
    });
  },
  "load of the sink": async (pool, batches, workers) => {
    const sink = postgresSink(pool, { table: "rows", columns });
    await sink.checkpoints.claim("k", { runId: "run", until: 1 }, 0);
    await inLoops(batches, workers, (rows, n) => {
      const from = n * BATCH_SIZE;
      const batch = { attempt: 1, key: "k", ranges: [[from, from + rows.length]] as const };
      return sink.load(rows, { runId: "run", batch });
    });
  },
  "run()": (pool, batches, workers) => {
    const { load, checkpoints } = postgresSink(pool, { table: "rows", columns });
    return etl({ name: "rows", extract: () => batches.flat(), load })
      .run({ batchSize: BATCH_SIZE, workers, checkpoints });
  },
};

function variantOf(driver: Driver, workers: number): Variant {
  return {
    items: ITEMS,
    prepare: async (items) => {
      const server = await startPostgres();
      const pool = new pg.Pool({ connectionString: server.url, max: workers + 1 });
      // The server may stop before the connections have closed.
      pool.on("error", () => {});
      pool.on("connect", (client) => void client.on("error", () => {}));
      await pool.query(`create table rows
        (id bigint primary key, name text, email text, amount float8, ts timestamptz)`);
      const batches = batchesOf(items);
      return async () => {
        const start = performance.now();
        await driver(pool, batches, workers);
        const seconds = (performance.now() - start) / 1000;
        const { rows } = await pool.query("select count(*)::int as count from rows");
        await pool.end();
        await server.stop();
        if (rows[0].count !== items) throw new Error(`${rows[0].count} rows are not ${items}`);
        return { rate: items / seconds, seconds };
      };
    },
  };
}

const variants: Record<string, Variant> = {};
const comparisons: Comparison[] = [];
for (const workers of [1, 4]) {
  const nameOf = (driver: string) =>
    `${driver}, ${workers} ${workers === 1 ? "worker" : "workers"}`;
  for (const [driver, run] of Object.entries(drivers)) {
    variants[nameOf(driver)] = variantOf(run, workers);
    if (driver === "by hand") continue;
    const [variant, against] = [nameOf(driver), nameOf("by hand")];
    comparisons.push({ title: `${variant}, against by hand`, variant, against, atLeast: 0.85 });
  }
  const variant = nameOf("run()");
  comparisons.push({ title: variant, variant, unit: "items/s" });
}

export const question: Question = {
  title: "PostgreSQL as a sink",
  method:
    "200,000 rows in batches of 1,000 go through pg to a server on the same machine, without fsync. " +
    "Each batch is one transaction with its mark. By hand is the shortest program that sends the " +
    "same statements. It does less: it neither checks values nor merges ranges.",
  variants,
  comparisons,
};
