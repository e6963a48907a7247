import type { DuckDBConnection } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

const at = new Date("2020-02-03T04:05:06.789Z");

/** By the type, values that go by the appender, and some that only a statement reads. */
const values: Readonly<Record<string, readonly unknown[]>> = {
  tinyint: [-128, 127n],
  smallint: [-32768],
  integer: [2 ** 31 - 1, "42"],
  bigint: [-(2n ** 63n), 2 ** 53],
  hugeint: [-(2n ** 127n), 1],
  utinyint: [255],
  usmallint: [65535],
  uinteger: [2 ** 32 - 1],
  ubigint: [2n ** 64n - 1n],
  uhugeint: [2n ** 128n - 1n],
  float: [0.1, -0],
  double: [0.1, -0, Number.NaN, -Infinity, 2n ** 53n, "0.25"],
  "decimal(10,2)": [12.25, -7, "0.005"],
  "decimal(38,0)": [10n ** 37n],
  boolean: [true, "false"],
  varchar: ["a\0é'\"😀", ""],
  blob: [new Uint8Array([0, 97, 255]), new Uint8Array()],
  timestamp: [at, new Date(-1), "2020-01-01 00:00:00.123456", "2020-01-01T00:00:00Z"],
  timestamptz: [at, "2020-02-03T04:05:06.789123Z", "2020-02-03 04:05:06.789+02"],
  timestamp_s: [new Date(1000)],
  timestamp_ms: [at],
  timestamp_ns: [at],
  date: ["2020-02-29", "2020-02-29 10:00:00"],
  time: ["01:02:03"],
  uuid: ["a4b5c590-600c-44e3-a880-dcb7d8434202"],
  json: [{ a: [1, null, "x"] }, 1, true, "[1,  2]", "[NaN]"],
  "enum('a', 'b')": ["b"],
  "integer[]": [[1, null]],
};

/** What the appender writes, and what statements do in its place. */
export function testDuckdbAppends(): void {
  describe("appender", () => {
    const connections = connectionsOf();

    it("stores what statements store, of every type", async () => {
      const connection = await connections.open("set timezone = 'America/New_York'");
      for (const [type, given] of Object.entries(values)) {
        const rows = [...given, null].map((v, n) => ({ n, v }));
        const stored = [];
        for (const own of [connection, withoutAppender(connection)]) {
          await connection.run(`create or replace table t (n integer, v ${type})`);
          // Each by itself, as one that only a statement reads takes the others with it.
          const { load } = duckdbSink(own, { table: "t" });
          for (const row of rows) await load([row], plainContext);
          stored.push(await textsOf(connection, "from t order by n"));
        }
        expect([type, stored[0]]).toEqual([type, stored[1]]);
      }
    });

    it("names what the database does not read, in its words", async () => {
      const connection = await connections.open("create table t (v json, d date)");
      const { load } = duckdbSink(connection, { table: "t" });
      for (const row of [{ v: "{bad" }, { d: "yesterday" }]) {
        await expect(load([{ v: 1 }, row], plainContext)).rejects.toThrow("Conversion Error");
      }
      expect(await textsOf(connection, "from t")).toEqual([]);
    });

    it("fills defaults and empty columns, however rows are mixed", async () => {
      const connection = await connections.open(
        "create sequence ids",
        `create table t (id integer default nextval('ids'), n integer, m integer,
          twice integer generated always as (n * 2))`,
      );
      const { load } = duckdbSink(connection, { table: "t" });
      await load([{ id: 9, n: 1, m: 2 }, { n: 3 }, { id: 8, m: 4 }], plainContext);
      expect(await textsOf(connection, "from t order by id"))
        .toEqual([["1", "3", null, "6"], ["8", null, "4", null], ["9", "1", "2", "2"]]);
    });

    it("writes by the names of the columns, also once another one has its place", async () => {
      const connection = await connections.open("create table t (a integer, b integer)");
      const { load } = duckdbSink(connection, { table: "t", columns: ["a"] });
      await load([{ a: 1 }], plainContext);
      await connection.run("alter table t rename a to c");
      await connection.run("alter table t rename b to a");
      await load([{ a: 2 }], plainContext);
      expect(await textsOf(connection, "from t")).toEqual([["1", null], [null, "2"]]);
    });

    it("writes into the table that statements find, of several with the name", async () => {
      const connection = await connections.open(
        "create table t (a integer)",
        "create schema other",
        "create table other.t (a integer)",
        "set search_path = 'other,main'",
      );
      await duckdbSink(connection, { table: "t" }).load([{ a: 1 }], plainContext);
      await connection.run("drop table main.t");
      await duckdbSink(connection, { table: "t" }).load([{ a: 2 }], plainContext);
      expect(await textsOf(connection, "from other.t")).toEqual([["1"], ["2"]]);
    });
  });
}

/** The same connection, as one that has no appender. */
function withoutAppender(connection: DuckDBConnection) {
  return {
    run: connection.run.bind(connection),
    stream: connection.stream.bind(connection),
  };
}
