// How fast does a file of NDJSON come into SQLite, against a loop by hand and sqlite3?
//   npm run bench -- ndjson-to-sqlite --runtime node24
import { spawnSync } from "node:child_process";
import { appendFileSync, createReadStream, mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Files from "../src/adapters/file.ts";
import type * as Ndjson from "../src/adapters/ndjson.ts";
import type * as Sqlite from "../src/adapters/sqlite.ts";
import { etl } from "./harness/library.ts";
import type { Question, Variant } from "./harness/question.ts";
import { BATCH_SIZE, batchesOf, columns, type Row } from "./harness/rows.ts";
import { checkRows, jobComparisons, measureJob } from "./harness/whole-job.ts";

const built = (name: string) => new URL(`./dist/adapters/${name}.js`, import.meta.url).href;
const { openFiles }: typeof Files = await import(built("file"));
const { readNdjson }: typeof Ndjson = await import(built("ndjson"));
const { sqliteSink }: typeof Sqlite = await import(built("sqlite"));

const ITEMS = 400_000;
const ROWS_OF_A_STATEMENT = 100;
const settings = "pragma journal_mode = wal; pragma synchronous = off;";

/** Loads the file into the database. */
type Driver = (path: string, db: DatabaseSync, database: string) => unknown;

/** Reads lines, and loads each batch in a transaction with its mark. */
function byHand(writer: (db: DatabaseSync) => (rows: readonly Row[]) => void): Driver {
  return async (path, db) => {
    db.exec("create table mark (key text primary key, done int); insert into mark values ('k', 0)");
    const mark = db.prepare("update mark set done = ? where key = 'k'");
    const write = writer(db);
    let [batch, done]: [Row[], number] = [[], 0];
    const load = () => {
      db.exec("begin immediate");
      write(batch);
      mark.run(done += batch.length);
      db.exec("commit");
      batch = [];
    };
    let rest = "";
    for await (const text of createReadStream(path, { encoding: "utf8", highWaterMark: 2 ** 18 })) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        batch.push(JSON.parse(line));
        if (batch.length === BATCH_SIZE) load();
      }
    }
    if (batch.length > 0) load();
  };
}

const insert = (rows: number) =>
  `insert into rows values ${Array.from({ length: rows }, () => "(?, ?, ?, ?, ?)").join(", ")}`;

const drivers: Readonly<Record<string, Driver>> = {
  "millrace": (path, db) => {
    const { load, checkpoints } = sqliteSink(db, { table: "rows", columns });
    return etl({ name: "rows", extract: () => readNdjson<Row>(openFiles(path)), load })
      .run({ batchSize: BATCH_SIZE, workers: 1, checkpoints });
  },
  "by hand": byHand((db) => {
    const one = db.prepare(insert(1));
    return (rows) => {
      for (const { id, name, email, amount, ts } of rows) one.run(id, name, email, amount, ts);
    };
  }),
  "by hand, 100 rows per statement": byHand((db) => {
    const many = db.prepare(insert(ROWS_OF_A_STATEMENT));
    return (rows) => {
      for (let first = 0; first < rows.length; first += ROWS_OF_A_STATEMENT) {
        const values: (string | number)[] = [];
        for (const row of rows.slice(first, first + ROWS_OF_A_STATEMENT)) {
          values.push(row.id, row.name, row.email, row.amount, row.ts);
        }
        many.run(...values); // All batches are full.
      }
    };
  }),
  ...spawnSync("sqlite3", ["-version"]).status === 0 && {
    "sqlite3": (path, _db, database) => {
      const fields = columns.map((name) => `json_extract(line, '$.${name}')`);
      const input = `${settings}
create temp table given (line text);
.mode ascii
.separator "\\037" "\\n"
.import ${path} given
insert into rows select ${fields} from given;`;
      const { status, stderr } = spawnSync("sqlite3", [database], { input, encoding: "utf8" });
      if (status !== 0 || stderr !== "") throw new Error(stderr);
    },
  } as Record<string, Driver>,
};

function variantOf(driver: Driver): Variant {
  return {
    items: ITEMS,
    prepare: (wanted) => {
      const items = Math.ceil(wanted / BATCH_SIZE) * BATCH_SIZE;
      const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
      const [path, database] = [join(folder, "rows.ndjson"), join(folder, "rows.db")];
      for (const rows of batchesOf(items)) {
        appendFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      }
      const db = new DatabaseSync(database);
      db.exec(`${settings} create table rows
        (id integer primary key, name text, email text, amount real, ts text)`);
      return async () => {
        const measures = await measureJob(items, () => driver(path, db, database));
        const row = db.prepare(
          `select count(*) as count, sum(name <> 'User ' || id or amount <> id / 4.0
          or email <> 'user' || id || '@example.com' or ts <> '2026-01-01T00:00:00Z'
          or id not between 0 and ?) as others from rows`,
        ).get(items - 1);
        db.close();
        rmSync(folder, { recursive: true });
        checkRows(items, Number(row!["count"]), Number(row!["others"]));
        return measures;
      };
    },
  };
}

const against = Object.keys(drivers).filter((name) => name !== "millrace");

export const question: Question = {
  title: "NDJSON into SQLite",
  method:
    "A file of 400,000 lines, about 100 bytes each, goes into a table with a primary key of a " +
    "database of node:sqlite in a file, with a write-ahead log and without fsync, in batches of " +
    "1,000, each one transaction with its mark. By hand, a prepared statement is run for each row " +
    "or for 100 of them. sqlite3 loads all lines as texts, and takes the rows from these. The CPU " +
    "time has that of the database in it.",
  variants: Object.fromEntries(
    Object.entries(drivers).map(([name, driver]) => [name, variantOf(driver)]),
  ),
  comparisons: jobComparisons(
    "millrace",
    "by hand, 100 rows per statement",
    Object.fromEntries(
      against.map((name) => [name, name.startsWith("by hand") ? 0.9 : undefined]),
    ),
  ),
};
