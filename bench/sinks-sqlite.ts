// How fast does the SQLite sink write, compared with a loop by hand with the same transactions?
//   npm run bench -- sinks-sqlite
import type * as Sqlite from "../src/adapters/sqlite.ts";
import type { Comparison, Question, Variant } from "./harness/question.ts";
import { BATCH_SIZE, batchesOf, columns, type Row } from "./harness/rows.ts";

const built = new URL("./dist/adapters/sqlite.js", import.meta.url).href;
const ROWS_OF_A_STATEMENT = 100;
const KEY = "users";
const RUN = "bench";

/** The parts of a database that all variants use. */
type Database = Sqlite.SqliteDatabase;
/** Loads one batch, whose first row is at this offset. */
type Load = (rows: Row[], from: number) => void;

const clients: Readonly<Record<string, () => Promise<Database>>> = {
  "node:sqlite": async () => {
    const { DatabaseSync } = await import("node:sqlite");
    return new DatabaseSync(":memory:");
  },
  "better-sqlite3": async () => {
    const { default: BetterSqlite } = await import("better-sqlite3");
    return new BetterSqlite(":memory:");
  },
};

const writers: Readonly<Record<string, (db: Database) => Promise<Load>>> = {
  "sqliteSink": async (db) => {
    const { sqliteSink }: typeof Sqlite = await import(built);
    const { load, checkpoints } = sqliteSink(db, { table: "users", columns });
    const now = Date.now();
    await checkpoints.claim?.(KEY, { runId: RUN, until: now + 1000 }, now);
    return (rows, from) =>
      load(rows, {
        runId: RUN,
        batch: { attempt: 1, key: KEY, ranges: [[from, from + rows.length]] },
      });
  },
  "a loop, run() per row": async (db) => {
    const insert = db.prepare("insert into users values (?, ?, ?, ?, ?)");
    return byHand(db, (rows) => {
      for (const { id, name, email, amount, ts } of rows) insert.run(id, name, email, amount, ts);
    });
  },
  "a loop, 100 rows per statement": async (db) => {
    const places = Array.from({ length: ROWS_OF_A_STATEMENT }, () => "(?, ?, ?, ?, ?)").join(", ");
    const insert = db.prepare(`insert into users values ${places}`);
    return byHand(db, (rows) => {
      for (let first = 0; first < rows.length; first += ROWS_OF_A_STATEMENT) {
        const values: (string | number)[] = [];
        for (let index = first; index < first + ROWS_OF_A_STATEMENT; index++) {
          const { id, name, email, amount, ts } = rows[index]!;
          values.push(id, name, email, amount, ts);
        }
        insert.run(...values);
      }
    });
  },
};

/** The transaction around the rows. It writes a checkpoint, but has no lease and merges nothing. */
function byHand(db: Database, insert: (rows: Row[]) => void): Load {
  db.exec("create table checkpoint (key text primary key, next integer)");
  const mark = db.prepare(
    "insert into checkpoint values (?, ?) on conflict do update set next = ?",
  );
  return (rows, from) => {
    db.exec("begin immediate");
    try {
      insert(rows);
      mark.run(KEY, from + rows.length, from + rows.length);
      db.exec("commit");
    } catch (error) {
      db.exec("rollback");
      throw error;
    }
  };
}

function variantOf(
  open: () => Promise<Database>,
  writer: (db: Database) => Promise<Load>,
): Variant {
  return {
    items: 400_000,
    prepare: async (items) => {
      const batches = batchesOf(items);
      const db = await open();
      db.exec("create table users (id integer, name text, email text, amount real, ts text)");
      const load = await writer(db);
      return async () => {
        batches.forEach((rows, index) => load(rows, index * BATCH_SIZE));
        const { rows } = db.prepare("select count(*) as rows from users").get() as { rows: number };
        if (rows !== items) throw new Error(`${rows} rows were written`);
      };
    },
  };
}

const variants: Record<string, Variant> = {};
const comparisons: Comparison[] = [];
for (const [client, open] of Object.entries(clients)) {
  for (const [writer, make] of Object.entries(writers)) {
    variants[`${client}: ${writer}`] = variantOf(open, make);
  }
  const variant = `${client}: sqliteSink`;
  const [perRow, perHundred] = [
    `${client}: a loop, run() per row`,
    `${client}: a loop, 100 rows per statement`,
  ];
  comparisons.push(
    {
      title: `${variant} against a loop with run() per row`,
      variant,
      against: perRow,
      atLeast: 0.9,
    },
    {
      title: `${variant} against a loop with 100 rows per statement`,
      variant,
      against: perHundred,
    },
    { title: variant, variant, unit: "rows/s" },
  );
}

export const question: Question = {
  title: "Writing to SQLite",
  method:
    "Rows per second of the sink, divided by those of a loop by hand. Rows have 5 columns, and each " +
    "batch of 1000 is one transaction with its checkpoint. The database is in memory, so no disk " +
    "hides the cost of the sink. The sink also checks each value and the owner of the checkpoint.",
  variants,
  comparisons,
};
