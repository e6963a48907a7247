import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { etl } from "../../../src/index.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

const keyed = "create table t (id integer primary key, name varchar)";
const growing = { table: "t", unknown: "add" } as const;

/** Columns that a sink adds. */
export function testDuckdbGrowth(): void {
  describe("a property that gets a column", () => {
    const connections = connectionsOf();

    it("has the type of its values, and is told in the report", async () => {
      const connection = await connections.open(keyed);
      const at = new Date("2020-02-03T04:05:06.789Z");
      const rows = [
        { id: 1, i: 1, f: 1, b: true, s: "x", none: null },
        { id: 2, i: 2, f: 0.5, h: 2n, 'q"': [1, { a: 2 }], at, bytes: new Uint8Array([1]) },
        { id: 3, i: 2 ** 40, late: 1 },
        { id: 4 },
      ];
      const { load } = duckdbSink(connection, growing);
      const { drift } = await etl({ name: "t", extract: () => rows, load }).run({ batchSize: 2 });
      expect(drift).toEqual({
        ...{ i: 2, f: 2, b: 1, s: 1, none: 1, h: 1, 'q"': 1, at: 1, bytes: 1, late: 1 },
      });
      expect(await textsOf(connection, "select column_name, column_type from (describe t)"))
        .toEqual([
          ...[["id", "INTEGER"], ["name", "VARCHAR"], ["i", "BIGINT"], ["f", "DOUBLE"]],
          ...[["b", "BOOLEAN"], ["s", "VARCHAR"], ["h", "HUGEINT"], ['q"', "JSON"]],
          ...[["at", "TIMESTAMP WITH TIME ZONE"], ["bytes", "BLOB"], ["late", "BIGINT"]],
        ]);
      const sql = `select i, f, h, "q""", epoch_ms("at") = ${at.getTime()} from t order by id`;
      expect(await textsOf(connection, sql)).toEqual([
        ["1", "1.0", null, null, null],
        ["2", "0.5", "2", '[1,{"a":2}]', "true"],
        ["1099511627776", null, null, null, null],
        [null, null, null, null, null],
      ]);
    });

    it.each(["error", "replace"] as const)(
      "is there once where two sinks add it, beside given columns: %s",
      async (conflict) => {
        const both = await connections.openTwo(keyed);
        const options = { ...growing, conflict, columns: ["id"] };
        const sinks = both.map((connection) => duckdbSink(connection, options));
        for (const [n, { load }] of sinks.entries()) await load([{ id: n }], plainContext);
        for (const [n, { load }] of sinks.entries()) {
          await load([{ id: 10 + n, a: n }], plainContext);
        }
        for (const [n, { load }] of sinks.entries()) {
          await load([{ id: 20 + n }, { id: 30 + n, a: 9 }], plainContext);
        }
        expect(await textsOf(both[0], "select id, a from t where a is not null order by id"))
          .toEqual([["10", "0"], ["11", "1"], ["30", "9"], ["31", "9"]]);
      },
    );

    it("is there once where runs add it at the same time", async () => {
      const both = await connections.openTwo(keyed);
      await Promise.all(both.map(async (connection, n) => {
        const { load, checkpoints } = duckdbSink(connection, growing);
        const extract = () =>
          Array.from({ length: 20 }, (_, m) => ({ id: 2 * m + n, [`a${m}`]: m }));
        await etl({ name: `t${n}`, extract, load }).run({ checkpoints, batchSize: 5 });
      }));
      expect(await textsOf(both[0], "select count(*), count(a0), count(a19) from t"))
        .toEqual([["40", "2", "2"]]);
    });

    it("leaves no column where its batch fails, and comes again", async () => {
      const connection = await connections.open(keyed, "insert into t values (1, 'a')");
      const { load } = duckdbSink(connection, growing);
      await expect(load([{ id: 2, a: 1 }, { id: 1, a: 1 }], plainContext)).rejects.toThrow(/key/);
      expect(await textsOf(connection, "from t")).toEqual([["1", "a"]]);
      await load([{ id: 2, a: 1 }], plainContext);
      expect(await textsOf(connection, "select id, a from t where id = 2")).toEqual([["2", "1"]]);
    });

    it("is refused by name where it cannot be", async () => {
      const connection = await connections.open(keyed);
      const { load } = duckdbSink(connection, growing);
      const rows = [{ id: 1 }, { id: 2, Name: 1 }, { id: 3, "": 1 }, { id: 4, a: "x" }, {
        id: 5,
        a: 1,
      }];
      const { failures } = await load(rows, plainContext).catch((error) => error);
      const told = [...failures].map(([place, error]) => `${place}: ${(error as Error).message}`);
      expect(told).toEqual([
        '1: Cannot add column "Name": the table has "name" (row 1)',
        '2: Cannot add column "": it has to be a non-empty string without NUL and half surrogate ' +
        "pairs (row 2)",
        '4: Cannot add column "a": the values of the batch need another type than varchar, which ' +
        "the first of them has (row 4)",
      ]);
    });

    it("comes in several tables, whose keys the database makes", async () => {
      const connection = await connections.open(
        "create sequence ids",
        "create table user (id integer primary key default nextval('ids'), name varchar)",
        "create table post (user_id integer, title varchar)",
      );
      const post = { parent: { table: "user", on: { user_id: "id" } } };
      const sink = duckdbSink(connection, { unknown: "add", tables: { user: {}, post } });
      const trees = [
        { user: { name: "Ada" }, post: { title: "a" } },
        { user: { name: "Ben", nick: "B" }, post: [{ title: "b", n: 5 }, { tag: "x" }] },
      ];
      const { drift } = await etl({ name: "users", extract: () => trees, load: sink.load })
        .run({ checkpoints: sink.checkpoints, batchSize: 1 });
      expect(drift).toEqual({ "user.nick": 1, "post.n": 1, "post.tag": 1 });
      const sql =
        "select name, nick, title, n, tag from user join post on id = user_id order by all";
      expect(await textsOf(connection, sql)).toEqual([
        ["Ada", null, "a", null, null],
        ["Ben", "B", "b", "5", null],
        ["Ben", "B", null, null, "x"],
      ]);
    });
  });
}
