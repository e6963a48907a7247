import { describe, expect, it } from "vitest";
import { sqliteSink, tombstone } from "../../../src/adapters/sqlite.ts";
import { etl } from "../../../src/etl/etl.ts";
import { databasesOf, type SqliteClient } from "../../support/sqlite/client.ts";

/** What a sink counts of the rows of one table. */
export function testSqliteCounts(client: SqliteClient): void {
  describe("sqliteSink(): counts", () => {
    const databases = databasesOf(client);

    it("counts rows that one table has kept, and those of functions", async () => {
      const db = databases.inMemory("create table t (a primary key); insert into t values (1)");
      const extract = () => [{ a: 1 }, { a: 2 }, { a: 2 }];
      const sink = sqliteSink(db, { table: "t", conflict: "ignore" });
      const report = await etl({ name: "t", extract, load: sink.load }).run({ batchSize: 3 });
      expect(report.tables).toEqual({ t: { inserted: 1, unchanged: 2 } });
      const { load } = sqliteSink(db, {
        write: (tx) => {
          tx.insert("t", [{ a: 3 }]);
          tx.insert("t", [{ a: 3 }, tombstone({ a: 1 })], { conflict: "replace" });
        },
      });
      const { tables } = await etl({ name: "write", extract, load }).run({ batchSize: 3 });
      expect(tables).toEqual({ t: { inserted: 1, unchanged: 1, deleted: 1 } });
    });
  });
}
