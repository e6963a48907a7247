import { describe, it } from "vitest";
import { type CloudflareWriteOptions, tombstone } from "../../../src/adapters/cloudflare.ts";
import {
  type ChildRow,
  type DefineTest,
  type SinkRow,
  testCheckpointStore,
  type TestedTablesSettings,
  type TestedWrite,
  testSink,
} from "../../../src/adapters/testing.ts";
import type { SinkOptions } from "../../../src/adapters/cloudflare/sink.ts";
import type { DatabaseKind, TestDatabase } from "../../support/cloudflare/databases.ts";

/** The sink and its checkpoints keep the contracts. */
export function testCloudflareContracts({ open, inside }: DatabaseKind): void {
  const define: DefineTest = (name, test) => it(name, inside(test));

  describe("checkpoints", () => {
    testCheckpointStore(define, {
      create: async () => (await open()).sink({ table: "t" }).checkpoints,
    });
  });

  describe("sink", () => {
    const schema = "create table u (id integer primary key, name text not null)";
    const more = (db: TestDatabase) => ({
      rows: async () => await db.all("select * from u") as unknown as SinkRow[],
      dropTable: () => db.all("drop table u"),
      addColumn: (name: string) => db.all(`alter table u add column ${name}`),
      loseAnswer: () => {
        db.calls.after = (statements) => {
          if (!statements.some((sql) => sql.startsWith('insert into "u"'))) return;
          if (!statements.some((sql) => sql.startsWith("insert into millrace_checkpoint"))) return;
          db.calls.after = () => {};
          throw new Error("Network connection lost.");
        };
      },
      close: () => {},
    });
    const create = async () => {
      const db = await open();
      await db.all(schema);
      return { ...db.sink({ table: "u" }), ...more(db) };
    };
    const createTables = async ({ conflict, missing }: TestedTablesSettings) => {
      const db = await open();
      await db.all(
        "create table parent (id integer primary key, name text not null)",
        `create table child (id integer primary key, parent_id integer not null references parent,
          name text not null)`,
      );
      const parent = { table: "parent", on: { parent_id: "id" } };
      return {
        ...db.sink(
          { conflict, tables: { parent: {}, child: { parent, missing } } } as SinkOptions,
        ),
        parents: async () => await db.all("select * from parent") as unknown as SinkRow[],
        children: async () => await db.all("select * from child") as unknown as ChildRow[],
        close: () => {},
      };
    };
    const createWrite = async (write: TestedWrite) => {
      const db = await open();
      await db.all(schema);
      const options: CloudflareWriteOptions<SinkRow> = {
        write: (tx, rows) => write((rows) => tx.insert("u", rows), rows),
      };
      const sink = db.sink(options as SinkOptions);
      return { ...sink, ...more(db) };
    };
    testSink(define, { create, createTables, createWrite, tombstone: (id) => tombstone({ id }) });
  });
}
