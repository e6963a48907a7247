import { describe, expect, it } from "vitest";
import { sqliteSink, sqliteSource } from "../../../../src/adapters/sqlite.ts";
import { CancelledError } from "../../../../src/errors.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { LoadContext } from "../../../../src/pipeline/pipeline.ts";
import type { Checkpoint } from "../../../../src/checkpoints/checkpoint.ts";
import { countOf, databasesOf, rowsOf, type SqliteClient } from "../../../support/sqlite/client.ts";

interface Row {
  readonly id: number;
  readonly name: string;
}

const tables = `create table input (id integer primary key, name text);
  create table output (id integer, name text)`; // What is loaded twice is there twice.
const columns = ["id", "name"];

/** A signal that aborts at one of many calls. */
function stopAfter(calls: number) {
  const controller = new AbortController();
  const stop = () => {
    if (--calls === 0) controller.abort();
  };
  return { signal: controller.signal, stop };
}

/** Whole runs. */
export function testSqliteRuns(client: SqliteClient): void {
  describe("a run from SQLite into SQLite", () => {
    const databases = databasesOf(client);

    const filled = (count: number) => {
      const db = databases.inFile("run.db", `pragma journal_mode = wal; ${tables}`);
      const rows = Array.from({ length: count }, (_, id): Row => ({ id, name: `n${id}` }));
      const { load } = sqliteSink(db, { table: "input", columns });
      load(rows, { runId: "", batch: { attempt: 1 } });
      return { db, rows };
    };
    const output = "select id, name from output order by id";

    it("copies one table to another on the same connection", async () => {
      const { db, rows } = filled(2345);
      const { load } = sqliteSink(db, { table: "output", columns });
      const extract = () => sqliteSource<Row>(db, "select * from input", [], { key: "id" });
      const report = await etl({ name: "copy", extract, load }).run({ batchSize: 100, workers: 4 });
      expect(report.loaded).toBe(2345);
      expect(rowsOf(db, output)).toEqual(rows);
    });

    it("reads with one connection and writes with another", async () => {
      const { db, rows } = filled(2345);
      const { load } = sqliteSink(databases.inFile("run.db"), { table: "output", columns });
      const extract = () => sqliteSource<Row>(db, "select * from input order by id");
      await etl({ name: "copy", extract, load }).run({ batchSize: 100, workers: 4 });
      expect(rowsOf(db, output)).toEqual(rows);
    });

    it("resumes where the one before it ended, with nothing twice", async () => {
      const { db, rows } = filled(2345);
      const { load, checkpoints } = sqliteSink(db, { table: "output", columns });
      const options = {
        batchSize: 100,
        workers: 4,
        checkpoints,
        guarantee: "effectively-once",
      } as const;
      const { signal, stop } = stopAfter(7);
      const copy = (calls: () => void) =>
        etl({
          name: "copy",
          extract: () => sqliteSource<Row>(db, "select * from input", [], { key: "id" }),
          load: Object.assign((batch: Row[], context: LoadContext) => {
            load(batch, context);
            calls();
          }, load),
        });
      const first = copy(stop).run({ ...options, signal });
      await expect(first).rejects.toBeInstanceOf(CancelledError);
      const { offset, done } = await checkpoints.read("copy") as Checkpoint;
      const marked = done.reduce((sum, [from, to]) => sum + to - from, offset);
      expect(countOf(db, "output")).toBe(marked);
      expect(marked).toBeGreaterThanOrEqual(700);
      const report = await copy(() => {}).run(options);
      expect(report.guarantee).toBe("effectively-once");
      expect(report.loaded).toBe(2345 - marked);
      expect(rowsOf(db, output)).toEqual(rows);
    });

    it("fails when the disk is full, and resumes when there is room again", async () => {
      const { db } = filled(50);
      const sink = sqliteSink(db, { table: "output", columns });
      const pipeline = etl({
        name: "copy",
        extract: () => Array.from({ length: 50 }, (_, id) => ({ id, name: "x".repeat(4000) })),
        load: sink.load,
      });
      const options = { batchSize: 5, workers: 2, checkpoints: sink.checkpoints };
      db.exec("pragma max_page_count = 25");
      await expect(pipeline.run(options)).rejects.toThrow("database or disk is full");
      const before = countOf(db, "output") as number;
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(50);
      db.exec("pragma max_page_count = 100000");
      expect((await pipeline.run(options)).loaded).toBe(50 - before);
      expect(rowsOf(db, "select count(distinct id) as ids, count(*) as rows from output"))
        .toEqual([{ ids: 50, rows: 50 }]);
    });

    it("dead-letters rows that cannot be stored, by value and by constraint", async () => {
      const { db } = filled(1);
      db.exec("create table checked (id integer primary key, name text check (name != 'n50'))");
      const sink = sqliteSink(db, { table: "checked", columns });
      const names = Array.from({ length: 100 }, (_, id) => (id % 40 === 7 ? NaN : `n${id}`));
      const deadLetters = () => sink.deadLetters<{ id: number; name: string | number }>();
      const report = await etl({
        name: "checked",
        extract: () => names.map((name, id) => ({ id, name })),
        load: sink.load,
      }).run({ batchSize: 30, workers: 2, checkpoints: sink.checkpoints, deadLetters });
      expect(report).toMatchObject({ loaded: 96, deadLettered: 4 });
      const letters = "select item_offset as at, error_name as name from millrace_dead_letter";
      expect(rowsOf(db, `${letters} order by at`)).toMatchObject([
        { at: 7, name: "TypeError" },
        { at: 47, name: "TypeError" },
        { at: 50 },
        { at: 87, name: "TypeError" },
      ]);
      expect(countOf(db, "checked")).toBe(96);
      expect(await sink.checkpoints.read("checked")).toMatchObject({ offset: 100, done: [] });
    });
  });
}
