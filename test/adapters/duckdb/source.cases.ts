import { describe, expect, it } from "vitest";
import { type DuckdbConnection, duckdbSink, duckdbSource } from "../../../src/adapters/duckdb.ts";
import { testSource } from "../../../src/adapters/testing.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/index.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

function pagesOf(...args: Parameters<typeof duckdbSource>): AsyncIterable<object[]> {
  return duckdbSource(...args).source as AsyncIterable<object[]>;
}

/** What is read, and what a read does when it is ended. */
export function testDuckdbSources(): void {
  const connections = connectionsOf();

  describe("source", () => {
    testSource(it, {
      create: async (type) => {
        const [writing, reading] = await connections.openTwo(
          `create table t (key ${type}, value integer)`,
        );
        const sql = "select key, value from t where $1 is null or key > $1::" + type +
          " order by key";
        return {
          insert: async (rows) => {
            await duckdbSink(writing, { table: "t" }).load(
              rows.map(({ key, value }) => ({ key, value })),
              plainContext,
            );
          },
          read: ({ after }) =>
            duckdbSource(reading, sql, [after === undefined ? null : `${after}`]),
          close: () => {},
        };
      },
      keys: {
        integer: [-5, 0, 1, 7, 2 ** 31 - 1],
        bigint: [-(2n ** 60n), 0n, 2n ** 53n + 1n, 2n ** 63n - 1n],
        double: [-1.5, 0, 0.1, 1e300],
        varchar: ["", "A", "a", "é"],
        timestamp: [
          "1969-01-01 00:00:00",
          "2020-01-01 00:00:00.123456",
          "2020-01-02 00:00:00",
          "2021-01-01 00:00:00",
        ],
        "decimal(10,2)": ["-1.50", "0.00", "0.01", "12.00"],
      },
    });

    it("gives values as JavaScript's own, or as the database writes them", async () => {
      const connection = await connections.open();
      const sql = `select 1::integer as i, 2::bigint as b, 3::hugeint as h, 0.5::double as d,
        'x' as s, true as t, null as n, '\\x00a'::blob as bytes, [1, null] as list,
        {'x': [1::bigint]} as struct, map {'k': 1.5::decimal(3, 1)} as map,
        timestamp '2020-01-01 00:00:00.123456' as at, '{"a":1}'::json as j;`;
      const rows = [];
      for await (const page of pagesOf(connection, sql)) rows.push(...page);
      expect(rows).toEqual([{
        ...{ i: 1, b: 2n, h: 3n, d: 0.5, s: "x", t: true, n: null, list: [1, null] },
        ...{
          bytes: new Uint8Array([0, 97]),
          struct: { x: [1n] },
          map: [{ key: "k", value: "1.5" }],
        },
        ...{ at: "2020-01-01 00:00:00.123456", j: '{"a":1}' },
      }]);
    });

    it("gives many rows in their order, and again each time", async () => {
      const connection = await connections.open();
      const source = pagesOf(connection, "select range::integer as n from range(10000) -- all");
      for (let time = 0; time < 2; time++) {
        const numbers = [];
        for await (const page of source) {
          numbers.push(...page.map((row) => (row as { n: number }).n));
        }
        expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
      }
    });

    it("fails where another statement has ended its query", async () => {
      const connection = await connections.open();
      const read = async () => {
        for await (const _ of pagesOf(connection, "from range(100000)")) {
          await connection.run("select 1");
        }
      };
      await expect(read()).rejects.toThrow("give the source one of its own");
    });

    it("leaves the connection free once a read has ended early", async () => {
      const connection = await connections.open("create table t (id integer)");
      for await (const _ of pagesOf(connection, "from range(100000)")) break;
      await duckdbSink(connection, { table: "t" }).load([{ id: 1 }], plainContext);
      expect(await textsOf(connection, "from t")).toEqual([["1"]]);
    });

    it("tells the error of a query", async () => {
      const connection = await connections.open();
      const read = async () => {
        for await (const _ of pagesOf(connection, "select error('boom')"));
      };
      await expect(read()).rejects.toThrow("boom");
    });

    it("goes with a sink into another table, on two connections", async () => {
      const [one, two] = await connections.openTwo(
        "create table a as select range as id, 'n' || range as name from range(5000)",
        "create table b (id bigint primary key, name varchar)",
      );
      const sink = duckdbSink(two, { table: "b" });
      const report = await etl({
        name: "copy",
        extract: () => duckdbSource(one, "from a order by id"),
        load: sink.load,
      }).run({ batchSize: 1000, checkpoints: sink.checkpoints });
      expect([report.loaded, report.guarantee]).toEqual([5000, "effectively-once"]);
      expect(await textsOf(one, "(from a except from b)")).toEqual([]);
    });

    it.each([
      ["connection", [{}, "select 1"]],
      ["sql", [{ run() {}, stream() {} }, 1]],
      ["values", [{ run() {}, stream() {} }, "select 1", "one"]],
    ])("refuses what is no %s", (name, args) => {
      const call = () => duckdbSource(...args as [DuckdbConnection, string]);
      expect(call).toThrow(ConfigurationError);
      expect(call).toThrow(`'${name}'`);
    });
  });
}
