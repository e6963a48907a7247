import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import { BatchError } from "../../../src/errors.ts";
import { outcomeOfCall } from "../../support/outcomes/outcome-of-call.ts";
import { testChangedRows } from "../../support/sinks/drift-cases.ts";
import {
  countOf,
  databasesOf,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const keyed = "create table t (id integer primary key, name text)";

/** Rows that have less than the columns of the table, or more. */
export function testSqliteProperties(client: SqliteClient): void {
  describe("a column without a property in SQLite", () => {
    const databases = databasesOf(client);
    const defaults = "create table t (id integer primary key, name text default 'x', note)";

    it("has its default, or NULL, where all columns are loaded", () => {
      const db = databases.inMemory(defaults);
      const { load } = sqliteSink(db, { table: "t" });
      const rows = [{ id: 1 }, { id: 2, name: "b" }, { id: 3, note: 5 }, {
        id: 4,
        name: undefined,
      }];
      load([...rows, { name: null }, { id: 9, name: "z", note: 9 }], plainContext);
      expect(rowsOf(db, "select * from t order by id")).toEqual([
        { id: 1, name: "x", note: null },
        { id: 2, name: "b", note: null },
        { id: 3, name: "x", note: 5 },
        { id: 4, name: "x", note: null },
        { id: 5, name: null, note: null },
        { id: 9, name: "z", note: 9 },
      ]);
    });

    it("keeps what is there where the row is replaced, in the order of the rows", () => {
      const db = databases.inMemory(`${defaults}; insert into t values (1, 'a', 7)`);
      const { load } = sqliteSink(db, { table: "t", conflict: "replace" });
      load([{ id: 1, name: "b" }, { id: 1, note: 8 }, { id: 1, name: "c" }], plainContext);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: "c", note: 8 }]);
    });

    it("is rejected if it is part of the key, or a column that was asked for", () => {
      const db = databases.inMemory(defaults);
      for (const options of [{ conflict: "replace" }, { columns: ["id", "name"] }] as const) {
        const { load } = sqliteSink(db, { table: "t", ...options });
        const rows = [{ id: 1, name: "a" }, { name: "b" } as never];
        const error = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
        expect(String(error.failures.get(1))).toContain('column "id" must be');
      }
      expect(countOf(db, "t")).toBe(0);
    });

    it("is no column that all objects have", () => {
      const db = databases.inMemory("create table t (id integer, constructor text)");
      const { load } = sqliteSink(db, { table: "t" });
      const rows: object[] = [{ id: 1 }, { id: 2, constructor: "x" }];
      load(rows, plainContext);
      expect(rowsOf(db, "select constructor from t order by id"))
        .toEqual([{ constructor: null }, { constructor: "x" }]);
    });

    it("has to be one of several: a row that has none is rejected", () => {
      const db = databases.inMemory(defaults);
      const { load } = sqliteSink(db, { table: "t", unknown: "drop" });
      const error = outcomeOfCall(() => load([{ id: 1 }, {}, { more: 1 }], plainContext))
        .error as BatchError;
      const sentence = 'Cannot load row as it must have a property that is a column of "t"';
      expect([...error.failures]).toEqual([
        [1, new TypeError(`${sentence} (row 1)`)],
        [2, new TypeError(`${sentence} (row 2)`)],
      ]);
    });

    it("is filled for rows of any columns", () => {
      const names = Array.from({ length: 8 }, (_, n) => `c${n}`);
      const db = databases.inMemory(
        `create table t (${names.map((name) => `${name} default -1`)})`,
      );
      const { load } = sqliteSink(db, { table: "t" });
      const rows = Array.from(
        { length: 255 },
        (_, bits) =>
          Object.fromEntries(names.flatMap((name, n) => (bits + 1) >> n & 1 ? [[name, bits]] : [])),
      );
      load(rows, plainContext);
      load(rows, plainContext);
      expect(countOf(db, "t")).toBe(510);
      expect(countOf(db, "t where c0 >= 0")).toBe(256);
    });
  });

  describe("a property without a column in SQLite", () => {
    const databases = databasesOf(client);
    const mixed = [
      { id: 1, name: "a" },
      { id: 2, name: "b", more: null },
      { id: 3, name: "c", more: undefined },
      { id: 4, name: "d", Name: "D", more: { deep: true } },
    ];

    it.each([
      { table: "t" },
      { table: "t", columns: ["id", "name"] },
    ])("is rejected in its rows, %j", (options) => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, options);
      const error = outcomeOfCall(() => load(mixed, plainContext)).error as BatchError;
      expect(error).toBeInstanceOf(BatchError);
      const refusalOf = (name: string, place: number) =>
        new TypeError(
          `Cannot load row as property "${name}" has no column: add it to the table and to ` +
            `'columns', leave it out, or let 'unknown' be "drop" (row ${place})`,
        );
      expect([...error.failures]).toEqual([
        [1, refusalOf("more", 1)],
        [3, refusalOf("Name", 3)],
      ]);
      expect(countOf(db, "t")).toBe(0);
    });

    it("is left out and counted if asked for", () => {
      const db = databases.inMemory(keyed);
      const told: unknown[] = [];
      const context = {
        ...plainContext,
        drift: (counts: unknown) => void told.push([counts, countOf(db, "t")]),
      };
      const { load } = sqliteSink(db, { table: "t", unknown: "drop" });
      load(mixed, context);
      load([{ id: 9, name: "z" }], context);
      expect(told).toEqual([[{ more: 2, Name: 1 }, 4]]);
      expect(countOf(db, "t")).toBe(5);
    });

    it("is not counted if nothing was written", () => {
      const db = databases.inMemory(keyed);
      const told: unknown[] = [];
      const { load } = sqliteSink(db, { table: "t", unknown: "drop" });
      const twice = [...mixed, { id: 1, name: "again" }];
      const context = { ...plainContext, drift: (counts: unknown) => void told.push(counts) };
      expect(() => load(twice, context)).toThrow("UNIQUE");
      expect(told).toEqual([]);
    });
  });

  describe("a row that has changed, in SQLite", () => {
    const databases = databasesOf(client);
    testChangedRows({
      create: async () => {
        const db = databases.inMemory(`create table t (id integer primary key, name text not null,
          age integer, level integer default 7) strict`);
        return {
          load: (options) => sqliteSink(db, { table: "t", ...options }).load,
          rows: () => rowsOf(db, "select * from t order by id"),
        };
      },
    }, {
      notNull: /NOT NULL constraint failed: t\.name/,
      wrongType: /cannot store TEXT value in INTEGER column t\.age/,
      addsObject: false,
    });
  });
}
