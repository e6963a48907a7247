// What does the PostgreSQL sink cost if each item has rows for 15 tables?
//   npm run bench -- tables --runtime node24
import pg from "pg";
import { rowsOf } from "../demo/tables/rows.ts";
import { migrationsOf, tables } from "../demo/tables/schema.ts";
import type { UserDocument } from "../demo/tables/user-document.ts";
import { userOf } from "../demo/tables/users.ts";
import type * as Postgres from "../src/adapters/postgres.ts";
import { startPostgres } from "../test/support/postgres/server.ts";
import { etl } from "./harness/library.ts";
import type { Comparison, Measures, Question, Variant } from "./harness/question.ts";
import { measureJob, shareOf } from "./harness/whole-job.ts";

const built = new URL("./dist/adapters/postgres.js", import.meta.url).href;
const { postgresSink }: typeof Postgres = await import(built);

const USERS = 4_000;
const WORKERS = 2;

type Rows = Record<string, Record<string, unknown>[]>;
type Driver = (pool: pg.Pool, users: UserDocument[], batchSize: number) => Promise<unknown>;

/** One statement per batch, with a parameter for the rows of each table. */
async function statementOf(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query(`select table_name, string_agg(quote_ident(column_name), ', ')
      as names, string_agg(quote_ident(column_name) || ' ' || data_type, ', ') as typed
    from information_schema.columns where table_schema = 'public' group by 1`);
  const inserts = Object.keys(tables).map((table, n) => {
    const { names, typed } = rows.find(({ table_name }) => table_name === table)!;
    return `t${n} as (insert into ${table} (${names})
      select ${names} from json_to_recordset($${n + 1}::json) as x(${typed}))`;
  });
  return `with ${inserts.join(", ")} select`;
}

/** The rows of some users by table, each with the key of its parent. */
function gather(users: readonly UserDocument[]): Rows {
  const all: Rows = Object.fromEntries(Object.keys(tables).map((table) => [table, []]));
  for (const user of users) {
    const own = rowsOf(user) as unknown as Record<string, object | object[]>;
    for (const [table, options] of Object.entries(tables)) {
      const column = "parent" in options ? Object.keys(options.parent.on)[0]! : undefined;
      for (const row of [own[table]!].flat()) {
        const isFilled = column === undefined || column === "message_id"; // The row itself has it.
        all[table]!.push({ ...row, ...isFilled ? {} : { [column]: user.id } });
      }
    }
  }
  return all;
}

const drivers: Readonly<Record<string, Driver>> = {
  "by hand": async (pool, users, batchSize) => {
    await pool.query("create table mark (key text primary key, done text)");
    await pool.query("insert into mark values ('k', '[]')");
    const statement = await statementOf(pool);
    let next = 0;
    const work = async () => {
      for (let from = next; from < users.length; from = next) {
        next += batchSize;
        const rows = Object.values(gather(users.slice(from, from + batchSize)));
        const client = await pool.connect();
        await client.query("begin");
        await client.query(statement, rows.map((list) => JSON.stringify(list)));
        const found = await client.query("select done from mark where key = $1 for update", ["k"]);
        const done: number[] = JSON.parse(found.rows[0].done).slice(-WORKERS);
        const text = JSON.stringify([...done, from]);
        await client.query("update mark set done = $2 where key = $1", ["k", text]);
        await client.query("commit");
        client.release();
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
  },
  "run()": async (pool, users, batchSize) => {
    const { load, checkpoints } = postgresSink(pool, { tables });
    await etl({ name: "users", extract: () => users, transform: rowsOf, load })
      .run({ batchSize, workers: WORKERS, checkpoints });
  },
};

/** The rows of all tables, counted after the clock has stopped. */
async function countOf(pool: pg.Pool): Promise<number> {
  const counts = Object.keys(tables).map((table) => `(select count(*) from ${table})`);
  const { rows } = await pool.query(`select (${counts.join(" + ")})::int as count`);
  return rows[0].count;
}

function variantOf(driver: Driver, batchSize: number): Variant {
  return {
    items: USERS,
    prepare: async (items) => {
      const server = await startPostgres();
      const pool = new pg.Pool({ connectionString: server.url, max: WORKERS + 1 });
      // The server may stop before the connections have closed.
      pool.on("error", () => {});
      pool.on("connect", (client) => void client.on("error", () => {}));
      for (const migration of migrationsOf("postgres")) await pool.query(migration);
      const users = Array.from({ length: items }, (_, number) => userOf(number + 1));
      return async (): Promise<Measures> => {
        const { seconds, cpu } = await measureJob(items, () => driver(pool, users, batchSize));
        const count = await countOf(pool);
        await pool.end();
        await server.stop();
        return { rate: count / seconds, seconds, cpu, cpuOfRow: 1e6 * cpu / count };
      };
    },
  };
}

const variants: Record<string, Variant> = {};
const comparisons: Comparison[] = [];
for (const batchSize of [100, 500]) {
  const nameOf = (driver: string) => `${driver}, batches of ${batchSize}`;
  for (const [name, driver] of Object.entries(drivers)) {
    variants[nameOf(name)] = variantOf(driver, batchSize);
  }
  const [variant, against] = [nameOf("run()"), nameOf("by hand")];
  comparisons.push(
    { title: `${variant}, against by hand`, variant, against, atLeast: 0.9 },
    { title: `${variant}, rows`, variant, unit: "rows/s" },
    {
      title: `${variant}, JavaScript for a row`,
      variant,
      measure: "cpuOfRow",
      atMost: 8,
      unit: "µs",
    },
    {
      title: `${against}, JavaScript for a row`,
      variant: against,
      measure: "cpuOfRow",
      unit: "µs",
    },
    shareOf(variant, against),
  );
}

export const question: Question = {
  title: "15 tables of PostgreSQL in one commit",
  method:
    "4,000 users, objects with about 40 rows each, go through pg to a server on the same machine, " +
    "without fsync. There are two workers, and each batch is one transaction with its mark. By hand " +
    "is one statement per batch, with a parameter for each table. Both make the rows from the same " +
    "objects.",
  variants,
  comparisons,
};
