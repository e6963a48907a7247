import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../../src/adapters/sqlite.ts";
import { PipelineError } from "../../../../src/errors.ts";
import { etl } from "../../../../src/etl/etl.ts";
import { countOf, databasesOf, rowsOf, type SqliteClient } from "../../../support/sqlite/client.ts";

const tables = "pragma journal_mode = wal; create table output (id integer)";

/** Runs beside a connection that keeps the lock for writing. */
export function testSqliteBusy(client: SqliteClient): void {
  describe("a busy database of SQLite", () => {
    const databases = databasesOf(client);

    /** Runs a pipeline whose retries let the other connection go on after a while. */
    const runBeside = async (begin: number, retries: number, maxAttempts: number) => {
      const db = databases.inFile("busy.db", tables);
      const other = databases.inFile("busy.db");
      const { load, checkpoints, deadLetters } = sqliteSink(db, {
        table: "output",
        columns: ["id"],
      });
      let calls = 0;
      let failures = 0;
      let isLocked = false;
      const lock = () => {
        if (isLocked || ++calls !== begin) return;
        other.exec("begin immediate");
        isLocked = true;
      };
      const isRetriable = (error: unknown) => {
        const isBusy = /locked|busy/i.test(String(error));
        if (isBusy && ++failures === retries) other.exec("rollback");
        return isBusy;
      };
      lock();
      const report = etl<{ id: number }>({
        name: "busy",
        extract: () => Array.from({ length: 20 }, (_, id) => ({ id })),
        transform: (row) => {
          lock();
          if (row.id % 5 === 0) throw new Error("bad");
          return row;
        },
        load,
      }).run({
        ...{ checkpoints, deadLetters: deadLetters(), batchSize: 3 },
        retry: { load: { maxAttempts, baseDelay: 1, factor: 1, isRetriable } },
      });
      return { db, other, report, failures: () => failures };
    };

    it.each([1, 2, 4, 9, 15, 20])(
      "fails no run with checkpoints: from call %i on",
      async (begin) => {
        const { db, report, failures } = await runBeside(begin, 5, 20);
        expect(await report).toMatchObject({ loaded: 16, deadLettered: 4, outcome: "completed" });
        expect(rowsOf(db, "select id from output order by id").map((row) => Number(Object(row).id)))
          .toEqual(
            Array.from({ length: 20 }, (_, id) => id).filter((id) => id % 5 !== 0),
          );
        expect(countOf(db, "millrace_dead_letter")).toBe(4);
        expect(failures()).toBeGreaterThanOrEqual(5);
      },
    );

    it("that stays busy fails the run, which says so", async () => {
      const { other, report } = await runBeside(4, Infinity, 5);
      const error = await report.catch((error: unknown) => error);
      expect(error).toBeInstanceOf(PipelineError);
      expect(String((error as PipelineError).cause)).toMatch(/locked|busy/i);
      other.exec("rollback");
    });
  });
}
