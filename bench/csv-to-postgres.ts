// How fast is a CSV.gz loaded into PostgreSQL, compared with psql and with a program by hand?
//   npm ci --prefix bench/peers && npm run bench -- csv-to-postgres --runtime node24
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type * as Csv from "../src/adapters/csv.ts";
import type * as Files from "../src/adapters/file.ts";
import type * as Postgres from "../src/adapters/postgres.ts";
import { startPostgres } from "../test/support/postgres/server.ts";
import { etl } from "./harness/library.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";
import { BATCH_SIZE, batchesOf, columns } from "./harness/rows.ts";

const built = (name: string) => new URL(`./dist/adapters/${name}.js`, import.meta.url).href;
const { readCsv }: typeof Csv = await import(built("csv"));
const { openFiles }: typeof Files = await import(built("file"));
const { postgresSink }: typeof Postgres = await import(built("postgres"));

const ITEMS = 1_000_000;

/** Loads the file into the table. */
type Driver = (path: string, pool: pg.Pool, url: string) => Promise<unknown>;

const types = { id: "number", amount: "number" } as const;

function millrace(method: "copy" | "insert", workers: number): Driver {
  return (path, pool) => {
    const options = method === "copy" ? { method, copyFrom } : { method };
    const { load, checkpoints } = postgresSink(pool, { table: "rows", columns, ...options });
    const extract = () => readCsv(openFiles(path), { columns: types });
    return etl({ name: "rows", extract, load })
      .run({ batchSize: 5 * BATCH_SIZE, workers, checkpoints });
  };
}

const drivers: Readonly<Record<string, Driver>> = {
  "copy": millrace("copy", 1),
  "copy, 2 workers": millrace("copy", 2),
  "insert": millrace("insert", 1),
  "psql \\copy": (path, _pool, url) => {
    const copy = `\\copy rows from program 'gzip -dc ${path}' with (format csv, header)`;
    return promisify(execFile)("psql", [url, "--no-psqlrc", "-c", copy]);
  },
  // csv-parse is one of the peers, which are skipped if they are not installed.
  ...existsSync("bench/peers/node_modules") && {
    "csv-parse and pg by hand": async (path: string, pool: pg.Pool) => {
      const { loadByHand } = await import("./peers/csv-parse.ts" as string);
      await loadByHand(path, pool, BATCH_SIZE);
    },
  },
};

function writeRows(path: string, items: number): void {
  const lines = batchesOf(items).map((rows) =>
    rows.map((row) => `${columns.map((name) => row[name]).join()}\r\n`).join("")
  );
  writeFileSync(path, gzipSync(`${columns.join()}\r\n${lines.join("")}`, { level: 6 }));
}

function variantOf(driver: Driver): Variant {
  return {
    items: ITEMS,
    prepare: async (items) => {
      const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
      const path = join(folder, "rows.csv.gz");
      writeRows(path, items);
      const server = await startPostgres();
      const pool = new pg.Pool({ connectionString: server.url, max: 4 });
      // The server may stop before the connections have closed.
      pool.on("error", () => {});
      pool.on("connect", (client) => void client.on("error", () => {}));
      await pool.query(`create table rows
        (id bigint primary key, name text, email text, amount float8, ts timestamptz)`);
      return async () => {
        const start = performance.now();
        await driver(path, pool, server.url);
        const seconds = (performance.now() - start) / 1000;
        const { rows } = await pool.query("select count(*)::int as count from rows");
        await pool.end();
        await server.stop();
        rmSync(folder, { recursive: true });
        if (rows[0].count !== items) throw new Error(`${rows[0].count} rows are not ${items}`);
        return { rate: items / seconds, seconds };
      };
    },
  };
}

const floors = { "psql \\copy": 0.5, "csv-parse and pg by hand": 2 };
const comparisons: Comparison[] = [];
for (const variant of ["copy", "copy, 2 workers", "insert"]) {
  comparisons.push({ title: variant, variant, unit: "items/s" });
  for (const [against, atLeast] of Object.entries(floors)) {
    if (!(against in drivers)) continue;
    comparisons.push({ title: `${variant}, against ${against}`, variant, against, atLeast });
  }
}

export const question: Question = {
  title: "CSV.gz into PostgreSQL",
  method:
    "A gzipped file of a million rows with five columns, about 75 bytes each, is loaded into a " +
    "table with a primary key. The server runs on the same machine, without fsync. millrace uses " +
    "batches of 5,000 and writes checkpoints. psql inserts all rows in one transaction. By hand, " +
    "every 1,000 rows from csv-parse are one insert with json_to_recordset.",
  variants: Object.fromEntries(
    Object.entries(drivers).map(([name, driver]) => [name, variantOf(driver)]),
  ),
  comparisons,
};
