// How much do bad values slow down the PostgreSQL sink, if they become dead letters?
//   npm run bench -- bad-values --runtime node24
import pg from "pg";
import type * as Postgres from "../src/adapters/postgres.ts";
import { startPostgres } from "../test/support/postgres/server.ts";
import { etl } from "./harness/library.ts";
import type { Question, Variant } from "./harness/question.ts";

const built = new URL("./dist/adapters/postgres.js", import.meta.url).href;
const { postgresSink }: typeof Postgres = await import(built);

const ITEMS = 10_000;
const BATCH_SIZE = 1_000;

/** Rows, one in every `badOne` of which has an invalid date. */
function rowsOf(count: number, badOne: number): { id: number; day: string }[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    day: id % badOne === badOne - 1 ? "2026-02-30" : "2026-02-28",
  }));
}

function variantOf(badOne: number, keeps: "in memory" | "in the database"): Variant {
  return {
    items: ITEMS,
    prepare: async (items) => {
      const server = await startPostgres();
      const pool = new pg.Pool({ connectionString: server.url, max: 4 });
      // The server may stop before the connections have closed.
      pool.on("error", () => {});
      pool.on("connect", (client) => void client.on("error", () => {}));
      await pool.query("create table days (id bigint primary key, day date not null)");
      const sink = postgresSink(pool, { table: "days", columns: ["id", "day"] });
      const rows = rowsOf(items, badOne);
      const counted = new WritableStream(); // The report counts the letters.
      let loads = 0;
      const load: typeof sink.load = Object.assign(
        (...call: Parameters<typeof sink.load>) => (loads++, sink.load(...call)),
        sink.load,
      );
      return async () => {
        const start = performance.now();
        const report = await etl({ name: "days", extract: () => rows, load }).run({
          batchSize: BATCH_SIZE,
          workers: 2,
          checkpoints: sink.checkpoints,
          deadLetters: keeps === "in memory" ? counted : sink.deadLetters(),
        });
        const seconds = (performance.now() - start) / 1000;
        await pool.end();
        await server.stop();
        const bad = Number.isFinite(badOne) ? Math.floor(items / badOne) : 0;
        if (report.loaded !== items - bad || report.deadLettered !== bad) {
          throw new Error(`${report.deadLettered} dead letters are not ${bad}`);
        }
        const most = 4 * Math.ceil(items / BATCH_SIZE);
        if (loads > most) throw new Error(`${loads} loads are more than ${most}`);
        return { rate: items / seconds, seconds };
      };
    },
  };
}

const good = variantOf(Infinity, "in memory");
const bad = "one of 20 is bad";
const kept = `${bad}, letters in the database`;

export const question: Question = {
  title: "Bad values in PostgreSQL",
  method:
    "10,000 rows in batches of 1,000 through pg, with checkpoints in the same database. One row in 20 " +
    "has an invalid date. Each batch needs at most four loads. Dead letters are counted, or stored " +
    "in the same database, all letters of a batch together.",
  variants: {
    "all are good": good,
    [bad]: variantOf(20, "in memory"),
    [kept]: variantOf(20, "in the database"),
  },
  comparisons: [
    { title: `${bad}, against none`, variant: bad, against: "all are good", atLeast: 0.5 },
    { title: `${kept}, against none`, variant: kept, against: "all are good", atLeast: 0.5 },
  ],
};
