import { describe, it } from "vitest";
import { sqliteSink } from "../../../../src/adapters/sqlite.ts";
import { type SinkRow, testCheckpointStore, testSink } from "../../../../src/adapters/testing.ts";
import { databasesOf, rowsOf, type SqliteClient } from "../../../support/sqlite/client.ts";

const options = { table: "t", columns: ["id"] };

/** The sink and its checkpoints keep the contracts. */
export function testSqliteContracts(client: SqliteClient): void {
  describe("checkpoints", () => {
    const databases = databasesOf(client);
    const create = () => sqliteSink(databases.inMemory(), options).checkpoints;
    testCheckpointStore(it, { create });
  });

  describe("sink", () => {
    const databases = databasesOf(client);
    const create = () => {
      const db = databases.inMemory("create table u (id integer primary key, name text)");
      const sink = sqliteSink(db, { table: "u" });
      return {
        ...sink,
        rows: () => rowsOf(db, "select * from u") as SinkRow[],
        dropTable: () => db.exec("drop table u"),
        addColumn: (name: string) => db.exec(`alter table u add column ${name}`),
        close: () => {},
      };
    };
    testSink(it, { create });
  });
}
