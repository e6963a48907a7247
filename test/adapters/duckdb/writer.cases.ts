import { describe, expect, it } from "vitest";
import { duckdbSink, type DuckdbSinkOptions } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

/** What a load says of a table that does not fit, and what it takes of one that does. */
export function testDuckdbTables(): void {
  describe("table", () => {
    const connections = connectionsOf();
    const schema = `create table "a ""b'" (id integer, n integer default 7,
      twice integer generated always as (id * 2))`;
    const table = `a "b'`;

    it.each(
      [
        ["table", { table: "none" }],
        ["columns", { table, columns: ["id", "none"] }],
        ["columns", { table, columns: ["id", "twice"] }],
        ["key", { table, conflict: "replace" }],
        ["key", { table, conflict: "replace", key: ["id"] }],
        ["table", { table: "seen" }],
      ] as const,
    )("refuses before anything is loaded: '%s' of %j", async (option, options) => {
      const connection = await connections.open(schema, "create view seen as select 1 as id");
      const sink = duckdbSink(connection, options as DuckdbSinkOptions);
      const loading = sink.load([{ id: 1, none: 1 }], plainContext);
      await expect(loading).rejects.toMatchObject({
        name: "ConfigurationError",
        message: expect.stringContaining(`'${option}'`),
      });
    });

    it("fills the columns that rows have, and leaves the others to the table", async () => {
      const connection = await connections.open(schema);
      const { load } = duckdbSink(connection, { table, unknown: "drop" });
      const drift: unknown[] = [];
      const context = { ...plainContext, drift: (counts: object) => drift.push({ ...counts }) };
      await load([{ id: 1 }, { id: 2, n: null, more: 1 }, { n: 3 }], context);
      expect(await textsOf(connection, `from "a ""b'" order by id`)).toEqual([
        ["1", "7", "2"],
        ["2", null, "4"],
        [null, "3", null],
      ]);
      expect(drift).toEqual([{ more: 1 }]);
    });

    it("looks again after a load that failed", async () => {
      const connection = await connections.open();
      const { load } = duckdbSink(connection, { table: "late" });
      await expect(load([{ id: 1 }], plainContext)).rejects.toThrow("'table'");
      await connection.run("create table late (id integer)");
      await load([{ id: 1 }], plainContext);
      await connection.run("alter table late rename id to other");
      await expect(load([{ id: 1 }], plainContext)).rejects.toThrow();
      await load([{ other: 2 }], plainContext);
      expect(await textsOf(connection, "from late")).toEqual([["1"], ["2"]]);
    });
  });
}
