import { describe, expect, it } from "vitest";
import { duckdbSink, tombstone } from "../../../src/adapters/duckdb.ts";
import { takeTurns } from "../../../src/runtime/take-turns.ts";
import {
  type ChildRow,
  type SinkRow,
  testCheckpointStore,
  type TestedTablesSettings,
  type TestedWrite,
  testSink,
} from "../../../src/adapters/testing.ts";
import { BatchError, ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/index.ts";
import { connectionsOf, objectsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

/** The sink and its checkpoints keep the contracts, and a run can use them. */
export function testDuckdbContracts(): void {
  const connections = connectionsOf();

  describe("checkpoints", () => {
    testCheckpointStore(it, {
      create: async () => duckdbSink(await connections.open(), { table: "t" }).checkpoints,
    });
  });

  describe("sink", () => {
    const schema = "create table u (id integer primary key, name text)";
    testSink(it, {
      tombstone: (id) => tombstone({ id }),
      createTables: async ({ conflict, missing }: TestedTablesSettings) => {
        const connection = await connections.open(
          "create table parent (id integer primary key, name text not null)",
          `create table child (id integer primary key, parent_id integer not null,
            name text not null)`,
        );
        const parent = { table: "parent", on: { parent_id: "id" } };
        return {
          ...duckdbSink(connection, {
            conflict,
            tables: { parent: {}, child: { parent, missing } },
          }),
          parents: () => objectsOf<SinkRow>(connection, "from parent"),
          children: () => objectsOf<ChildRow>(connection, "from child"),
          close: () => {},
        };
      },
      createWrite: async (write: TestedWrite) => {
        const connection = await connections.open(schema);
        const sink = duckdbSink<SinkRow>(connection, {
          write: (tx, rows) => write((rows) => tx.insert("u", rows), rows),
        });
        const rows = () => objectsOf<SinkRow>(connection, "from u");
        return { ...sink, rows, close: () => {} };
      },
      create: async () => {
        const connection = await connections.open(schema);
        return {
          ...duckdbSink(connection, { table: "u" }),
          rows: () => objectsOf<SinkRow>(connection, "from u"),
          dropTable: () => connection.run("drop table u"),
          addColumn: (name: string) => connection.run(`alter table u add column ${name} integer`),
          hold: () => {
            let letGo = () => {};
            const held = new Promise<void>((resolve) => (letGo = resolve));
            void takeTurns(connection, () => held);
            return letGo;
          },
          close: () => {},
        };
      },
    });
  });

  it("refuses what is no connection", () => {
    for (const other of [undefined, {}, { run() {} }]) {
      expect(() => duckdbSink(other as never, { table: "t" })).toThrow(ConfigurationError);
    }
  });

  it("gives up on the rows that do not fit, and loads the others once", async () => {
    const connection = await connections.open(
      "create table t (id integer primary key, n integer not null)",
    );
    const sink = duckdbSink(connection, { table: "t" });
    const users = etl({
      name: "users",
      extract: () => [{ id: 1, n: 1 }, { id: 2, n: 1.5 }, { id: 3, n: null }, { id: 4, n: 4 }],
      load: sink.load,
    }, { checkpoints: sink.checkpoints, batchSize: 4 });
    const report = await users.run({ deadLetters: sink.deadLetters() });
    expect([report.loaded, report.deadLettered, report.guarantee])
      .toEqual([2, 2, "effectively-once"]);
    expect((await users.run()).loaded).toBe(0);
    expect(await textsOf(connection, "select id from t order by id")).toEqual([["1"], ["4"]]);
  });

  it("names the rows that it refuses, and writes none", async () => {
    const connection = await connections.open("create table t (id integer)");
    const { load } = duckdbSink(connection, { table: "t" });
    const loading = load([{ id: 1 }, { id: 1.5 }, { other: 1 }], plainContext);
    const error = await loading.catch((error) => error);
    expect(error).toBeInstanceOf(BatchError);
    expect([...error.failures.keys()]).toEqual([1, 2]);
    expect(error.failures.get(1).message).toBe(
      'Cannot load row as column "id" must be an integer from -2147483648 to 2147483647, a string ' +
        "that DuckDB reads as one, or null: current value is 1.5 (row 1)",
    );
    expect(await textsOf(connection, "select * from t")).toEqual([]);
  });
}
