import { describe, it } from "vitest";
import { sqliteSink, tombstone } from "../../../../src/adapters/sqlite.ts";
import {
  type ChildRow,
  type SinkRow,
  testCheckpointStore,
  type TestedTablesSettings,
  type TestedWrite,
  testSink,
} from "../../../../src/adapters/testing.ts";
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
    const schema = "create table u (id integer primary key, name text not null)";
    const create = () => {
      const db = databases.inMemory(schema);
      const sink = sqliteSink(db, { table: "u" });
      return {
        ...sink,
        rows: () => rowsOf(db, "select * from u") as SinkRow[],
        dropTable: () => db.exec("drop table u"),
        addColumn: (name: string) => db.exec(`alter table u add column ${name}`),
        close: () => {},
      };
    };
    const createTables = ({ conflict, missing }: TestedTablesSettings) => {
      const db = databases.inMemory(`
        create table parent (id integer primary key, name text not null);
        create table child (id integer primary key, parent_id integer not null references parent,
          name text not null)`);
      const parent = { table: "parent", on: { parent_id: "id" } };
      return {
        ...sqliteSink(db, {
          conflict,
          tables: { parent: {}, child: { parent, missing } },
        }),
        parents: () => rowsOf(db, "select * from parent") as SinkRow[],
        children: () => rowsOf(db, "select * from child") as ChildRow[],
        close: () => {},
      };
    };
    const createWrite = (write: TestedWrite) => {
      const db = databases.inMemory(schema);
      const sink = sqliteSink<SinkRow>(db, {
        write: (tx, rows) => write((rows) => tx.insert("u", rows), rows),
      });
      return { ...sink, rows: () => rowsOf(db, "select * from u") as SinkRow[], close: () => {} };
    };
    testSink(it, { create, createTables, createWrite, tombstone: (id) => tombstone({ id }) });
  });
}
