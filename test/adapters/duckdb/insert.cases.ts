import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

/** What becomes of rows whose key is there, or comes twice. */
export function testDuckdbInserts(): void {
  describe("conflict", () => {
    const connections = connectionsOf();
    const schema =
      "create table t (id integer primary key, name varchar, note varchar default 'x')";
    const rows = [
      { id: 1, name: "a" },
      { id: 2, name: "b" },
      { id: 1, name: "c" },
      { id: 2, name: "d", note: "e" },
      { id: 2, name: "f" },
    ];
    const load = async (conflict: "error" | "ignore" | "replace") => {
      const connection = await connections.open(schema, "insert into t values (1, 'old', 'kept')");
      await duckdbSink(connection, { table: "t", conflict }).load(rows, plainContext);
      return textsOf(connection, "select * from t order by id");
    };

    it("fails the load by default, and writes nothing", async () => {
      await expect(load("error")).rejects.toThrow(/Duplicate key|duplicate key/);
    });

    it("keeps the row that is there, and the first of several", async () => {
      expect(await load("ignore")).toEqual([["1", "old", "kept"], ["2", "b", "x"]]);
    });

    it("updates the row that is there, by the last of several", async () => {
      expect(await load("replace")).toEqual([["1", "c", "kept"], ["2", "f", "e"]]);
    });

    it.each(
      [
        ["error", { inserted: 2 }],
        ["ignore", { inserted: 1, unchanged: 1 }],
        ["replace", { written: 2 }],
      ] as const,
    )("is told, once the rows are committed: %s", async (conflict, counts) => {
      const there = conflict === "error" ? [] : ["insert into t values (1, 'old', 'kept')"];
      const connection = await connections.open(schema, ...there);
      const sink = duckdbSink(connection, { table: "t", conflict });
      const told: unknown[] = [];
      const wrote = (tables: object) => void told.push(JSON.stringify(tables));
      await sink.load(rows.slice(0, 2), { ...plainContext, wrote });
      expect(told).toEqual([JSON.stringify({ t: counts })]);
    });

    it("tells many rows apart by a key of several columns", async () => {
      const connection = await connections.open(
        "create table t (a integer, b varchar, n integer, unique (a, b))",
      );
      const many = Array.from({ length: 5000 }, (_, n) => ({ a: n % 7, b: `b${n % 2}`, n }));
      const sink = duckdbSink(connection, { table: "t", conflict: "replace", key: ["a", "b"] });
      await sink.load(many, plainContext);
      await sink.load(many.slice(4990), plainContext);
      expect(await textsOf(connection, "select count(*), min(n), max(n) from t"))
        .toEqual([["14", "4986", "4999"]]);
    });

    it.each(
      [
        [{ conflict: "ignore" }, { a: 1, b: null }],
        [{ conflict: "ignore" }, { a: 1 }],
        [{ conflict: "ignore" }, { a: 1, b: "c", n: null }],
        [{ conflict: "replace", key: ["a", "b"] }, { a: 1, b: null }],
      ] as const,
    )("refuses NULL in a key, as the database would lose rows: %j %j", async (options, row) => {
      const schema = "create table t (a integer, b varchar, n integer, unique (a, b))";
      const connection = await connections.open(schema, "create unique index i on t (n)");
      const loading = duckdbSink(connection, { table: "t", ...options })
        .load([{ a: 1, b: "b", n: 0 }, row], plainContext);
      const error = await loading.catch((error) => error);
      expect(error.failures?.get(1)?.message).toContain("not null, as it tells rows apart");
    });
  });
}
