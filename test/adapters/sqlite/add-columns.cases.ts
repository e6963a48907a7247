import { describe, expect, it } from "vitest";
import { etl } from "../../../src/index.ts";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import type { BatchError } from "../../../src/errors.ts";
import { outcomeOfCall } from "../../support/outcomes/outcome-of-call.ts";
import {
  databasesOf,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const keyed = "create table t (id integer primary key, name text)";
const growing = { table: "t", unknown: "add" } as const;

/** Columns that a sink adds. */
export function testSqliteGrowth(client: SqliteClient): void {
  describe("a property that gets a column in SQLite", () => {
    const databases = databasesOf(client);

    it("keeps its values as they are, and is told in the report", async () => {
      const db = databases.inMemory(keyed);
      const rows = [{ id: 1, a: "5" }, { id: 2, b: null }, { id: 3, a: 5, 'q"': 1 }, { id: 4 }];
      const { load } = sqliteSink(db, growing);
      const { drift } = await etl({ name: "j", extract: () => rows, load }).run({ batchSize: 2 });
      expect(drift).toEqual({ a: 1, b: 1, 'q"': 1 });
      expect(rowsOf(db, 'select id, a, "q""" as q from t order by id')).toEqual([
        { id: 1, a: "5", q: null },
        { id: 2, a: null, q: null },
        { id: 3, a: 5, q: 1 },
        { id: 4, a: null, q: null },
      ]);
    });

    it("is there once where two sinks add it, beside given columns", () => {
      const [one, two] = [databases.inFile("db", keyed), databases.inFile("db")];
      const options = { ...growing, columns: ["id"] };
      const sinks = [one, two].map((db) => sqliteSink(db, options));
      sinks.forEach(({ load }, n) => load([{ id: n }], plainContext)); // Both know the table.
      sinks.forEach(({ load }, n) => load([{ id: 10 + n, a: n }], plainContext));
      sinks.forEach(({ load }, n) => load([{ id: 20 + n }, { id: 30 + n, a: 9 }], plainContext));
      expect(rowsOf(one, "select id, a from t where a is not null order by id")).toEqual([
        { id: 10, a: 0 },
        { id: 11, a: 1 },
        { id: 30, a: 9 },
        { id: 31, a: 9 },
      ]);
    });

    it("leaves no column where its batch fails, and comes again", () => {
      const db = databases.inMemory(`${keyed}; insert into t values (1, 'a')`);
      const { load } = sqliteSink(db, growing);
      expect(() => load([{ id: 2, a: 1 }, { id: 1, a: 1 }], plainContext)).toThrow(/UNIQUE/i);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: "a" }]);
      load([{ id: 2, a: 1 }], plainContext);
      expect(rowsOf(db, "select id, a from t where id = 2")).toEqual([{ id: 2, a: 1 }]);
    });

    it.each([["Name", "the table has"], ["rowid", "its own column"], ["", "non-empty"]])(
      "is refused by name where it cannot be: %j",
      (name, reason) => {
        const db = databases.inMemory(keyed);
        const { load } = sqliteSink(db, growing);
        const rows = [{ id: 1 }, { id: 2, [name]: 1 }];
        const { failures } = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
        expect([...failures.keys()]).toEqual([1]);
        expect(String(failures.get(1))).toContain(`Cannot add column "${name}": `);
        expect(String(failures.get(1))).toContain(reason);
        expect(rowsOf(db, "select * from t")).toEqual([]);
      },
    );

    it("is refused where its value would not come back", () => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, growing);
      const rows = [{ id: 1, a: {} }, { id: 2, a: 1 }];
      const { failures } = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
      expect(String(failures.get(0))).toContain('"a"');
      expect(failures.size).toBe(1);
    });
  });
}
