// How fast is a table of PostgreSQL copied into another one, against a script by hand and psql?
//   npm run bench -- postgres-to-postgres --runtime node24
import { exec } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type * as Postgres from "../src/adapters/postgres.ts";
import { startPostgres } from "../test/support/postgres/server.ts";
import { etl } from "./harness/library.ts";
import type { Question, Variant } from "./harness/question.ts";
import { BATCH_SIZE, columns } from "./harness/rows.ts";
import { checkRows, jobComparisons, measureJob } from "./harness/whole-job.ts";

const built = new URL("./dist/adapters/postgres.js", import.meta.url).href;
const { postgresSink, postgresSource }: typeof Postgres = await import(built);

const ITEMS = 400_000;
const query = `select ${columns} from source order by id`;

type Row = Record<typeof columns[number], unknown>;

/** Copies the table. */
type Driver = (pool: pg.Pool, url: string) => Promise<unknown>;

function millrace(method: "copy" | "insert"): Driver {
  return (pool) => {
    const options = method === "copy" ? { method, copyFrom } : { method };
    const { load, checkpoints } = postgresSink(pool, { table: "rows", columns, ...options });
    const extract = () => postgresSource<Row>(pool, query, [], { chunkSize: BATCH_SIZE });
    return etl({ name: "rows", extract, load })
      .run({ batchSize: BATCH_SIZE, workers: 1, checkpoints });
  };
}

/** Values stay the texts that they came as. */
const asText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

const byColumn = `insert into rows (${columns}) select *
  from unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::timestamptz[])`;

/** One chunk is read ahead while the one before is written. */
const byHand: Driver = async (pool) => {
  await pool.query("create table mark (key text primary key, done bigint)");
  await pool.query("insert into mark values ('k', 0)");
  const [reader, writer] = [await pool.connect(), await pool.connect()];
  await reader.query("begin");
  await reader.query(`declare chunk no scroll cursor for ${query}`);
  const text = `fetch ${BATCH_SIZE} from chunk`;
  const fetch = () => reader.query<string[]>({ text, rowMode: "array", types: asText });
  let [next, done] = [fetch(), 0];
  for (;;) {
    const { rows } = await next;
    if (rows.length === 0) break;
    next = fetch();
    await writer.query("begin");
    await writer.query(byColumn, columns.map((_, n) => rows.map((row) => row[n])));
    await writer.query("update mark set done = $1 where key = 'k'", [done += rows.length]);
    await writer.query("commit");
  }
  await reader.query("commit");
  reader.release();
  writer.release();
};

const drivers: Readonly<Record<string, Driver>> = {
  "insert": millrace("insert"),
  "copy": millrace("copy"),
  "by hand": byHand,
  "psql | psql": (_pool, url) => {
    const psql = `psql ${url} --no-psqlrc --quiet -c`;
    return promisify(exec)(
      `${psql} 'copy (${query}) to stdout' | ${psql} 'copy rows (${columns}) from stdin'`,
    );
  },
  "insert … select": (pool) => pool.query(`insert into rows (${columns}) ${query}`),
};

const columnTypes = "id bigint primary key, name text, email text, amount float8, ts timestamptz";

function variantOf(driver: Driver): Variant {
  return {
    items: ITEMS,
    prepare: async (items) => {
      const server = await startPostgres();
      const pool = new pg.Pool({ connectionString: server.url, max: 4 });
      // The server may be gone before the connections have ended.
      pool.on("error", () => {});
      pool.on("connect", (client) => void client.on("error", () => {}));
      await pool.query(`create table source (${columnTypes}); create table rows (${columnTypes})`);
      await pool.query(`insert into source select n, 'User ' || n, 'user' || n || '@example.com',
        n / 4.0, timestamptz '2026-01-01Z' + n * interval '1 second'
        from generate_series(0, ${items - 1}) as n`);
      await pool.query("vacuum analyze source");
      return async () => {
        const measures = await measureJob(items, () => driver(pool, server.url));
        const { rows: [row] } = await pool.query(`select
          (select count(*) from rows)::int as count,
          (select count(*) from (table rows except all table source) as other)::int as others`);
        await pool.end();
        await server.stop();
        checkRows(items, row.count, row.others);
        return measures;
      };
    },
  };
}

export const question: Question = {
  title: "PostgreSQL into PostgreSQL",
  method:
    "400,000 rows of five columns go from one table into another one with a primary key, on one " +
    "server on the same machine without fsync, in batches of 1,000, each one transaction with its " +
    "mark. By hand is a cursor that is read a chunk ahead, and one insert of unnest for a batch; " +
    "values stay texts. psql, and the database alone, copy all in one transaction. The CPU time is " +
    "that of JavaScript.",
  variants: Object.fromEntries(
    Object.entries(drivers).map(([name, driver]) => [name, variantOf(driver)]),
  ),
  comparisons: ["insert", "copy"].flatMap((variant) =>
    jobComparisons(variant, "by hand", {
      "by hand": 0.9,
      "psql | psql": undefined,
      "insert … select": undefined,
    })
  ),
};
