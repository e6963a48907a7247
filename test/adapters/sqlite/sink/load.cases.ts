import { describe, expect, it } from "vitest";
import { sqliteSink, type SqliteSinkOptions } from "../../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../../src/errors.ts";
import {
  countOf,
  databasesOf,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../../support/sqlite/client.ts";

const columns = ["id", "name"];
const keyed = "create table t (id integer primary key, name text)";

/** Where rows go, and what becomes of a load that fails. */
export function testSqliteLoads(client: SqliteClient): void {
  describe("sqliteSink(): load", () => {
    const databases = databasesOf(client);

    it.each([0, 1, 9, 10, 11, 99, 100, 101, 110, 999, 1000, 1234])("writes %i rows", (count) => {
      const db = databases.inMemory(keyed);
      const rows = Array.from(
        { length: count },
        (_, id) => ({ id, name: `n${id}`, other: undefined }),
      );
      sqliteSink(db, { table: "t", columns }).load(rows, plainContext);
      expect(rowsOf(db, "select * from t order by id")).toEqual(
        rows.map(({ id, name }) => ({ id, name })),
      );
    });

    it.each([1, 19, 20, 21, 200, 1999, 2000])("writes rows of %i columns", (width) => {
      const names = Array.from({ length: width }, (_, index) => `c${index}`);
      const db = databases.inMemory(`create table t (${names.join(", ")})`);
      const row = Object.fromEntries(names.map((name, index) => [name, index]));
      const rows = Array.from({ length: 107 }, () => row);
      sqliteSink(db, { table: "t", columns: names }).load(rows, plainContext);
      expect(countOf(db, `t where c0 = 0 and c${width - 1} = ${width - 1}`)).toBe(107);
    });

    it("takes no more columns than SQLite does", () => {
      const names = Array.from({ length: 2001 }, (_, index) => `c${index}`);
      const db = databases.inMemory(`create table t (${names.slice(1).join(", ")})`);
      const row = Object.fromEntries(names.map((name) => [name, 1]));
      const { load } = sqliteSink(db, { table: "t", columns: names });
      expect(() => load([row], plainContext)).toThrow(
        `Cannot load rows as 'columns' must be columns of table "t": current value is "c0"`,
      );
    });

    it("stores only the given columns", () => {
      const db = databases.inMemory(keyed);
      const given = { table: "t", columns: ["id", "name"], key: ["id"] };
      const { load } = sqliteSink(db, { ...given, conflict: "replace" });
      given.columns.push("other");
      given.key.push("other");
      load([{ id: 1, name: "a" }], plainContext);
      expect(countOf(db, "t")).toBe(1);
    });

    it.each([
      `a"b`,
      "a.b",
      "a b; drop table t",
      "select",
      "[x]",
      "`",
      "''",
      "😀",
      "a\nb",
      "--",
      "$1",
      "?",
      "constructor",
    ])("quotes the name %j", (name) => {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      const db = databases.inMemory(`create table ${quoted} (${quoted} integer primary key, b)`);
      const { load } = sqliteSink(db, {
        table: name,
        columns: [name, "b"],
        conflict: "replace",
      });
      load([{ [name]: 1, b: 1 }], plainContext);
      load([{ [name]: 1, b: 2 }], plainContext);
      expect(rowsOf(db, `select * from ${quoted}`)).toEqual([{ [name]: 1, b: 2 }]);
    });

    it("rejects a row for a missing table, and creates none", () => {
      const db = databases.inMemory();
      for (const conflict of ["error", "ignore", "replace"] as const) {
        const { load } = sqliteSink(db, { table: "none", columns, conflict });
        expect(() => load([{ id: 1, name: "a" }], plainContext)).toThrow(
          new ConfigurationError(
            `Cannot load rows as 'table' must be an existing table: current value is "none"`,
          ),
        );
      }
      expect(rowsOf(db, "select name from sqlite_master")).toEqual([]);
    });

    it("accepts a table that is made after the sink", () => {
      const db = databases.inMemory();
      const { load } = sqliteSink(db, { table: "t", columns });
      db.exec(keyed);
      load([{ id: 1, name: "a" }], plainContext);
      db.exec("drop table t; create table t (name text, id integer)");
      load([{ id: 2, name: "b" }], plainContext);
      expect(rowsOf(db, "select * from t")).toEqual([{ name: "b", id: 2 }]);
    });
  });

  describe("sqliteSink(): conflict", () => {
    const databases = databasesOf(client);
    const old = [{ id: 1, name: "old" }, { id: 2, name: "old" }];
    const batch = [{ id: 0, name: "new" }, { id: 1, name: "new" }, { id: 0, name: "newer" }];

    const loadedWith = (options: Partial<SqliteSinkOptions>, table = keyed) => {
      const db = databases.inMemory(table);
      sqliteSink(db, { table: "t", columns }).load(old, plainContext);
      try {
        sqliteSink(db, { table: "t", columns, ...options }).load(batch, plainContext);
      } finally {
        const rows = rowsOf(db, "select id, name from t order by id") as typeof old;
        loaded = Object.fromEntries(rows.map(({ id, name }) => [id, name]));
      }
      return loaded;
    };
    let loaded: Record<number, string> = {};

    it('"error" fails the load and writes nothing', () => {
      expect(() => loadedWith({})).toThrow("UNIQUE constraint failed: t.id");
      expect(loaded).toEqual({ 1: "old", 2: "old" });
    });

    it('"ignore" keeps the row that is there', () => {
      expect(loadedWith({ conflict: "ignore" })).toEqual({ 0: "new", 1: "old", 2: "old" });
    });

    it('"ignore" ignores nothing else', () => {
      const table = "create table t (id integer primary key, name text check (name != 'newer'))";
      expect(() => loadedWith({ conflict: "ignore" }, table)).toThrow("CHECK constraint failed");
      expect(loaded).toEqual({ 1: "old", 2: "old" });
    });

    it('"ignore" with a key ignores no other', () => {
      const table = "create table t (id integer unique, name text unique)";
      const only = { conflict: "ignore", key: ["id"] } as const;
      const twice = "UNIQUE constraint failed: t.name";
      const db = databases.inMemory(table);
      const { load } = sqliteSink(db, { table: "t", columns, ...only });
      load([{ id: 1, name: "a" }, { id: 1, name: "b" }], plainContext);
      expect(() => load([{ id: 2, name: "a" }], plainContext)).toThrow(twice);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: "a" }]);
    });

    it('"replace" updates by the primary key', () => {
      expect(loadedWith({ conflict: "replace" })).toEqual({ 0: "newer", 1: "new", 2: "old" });
    });

    it('"replace" updates by a key that is given, whatever the case of its letters', () => {
      const table = "create table t (name text, id integer unique)";
      const all = { 0: "newer", 1: "new", 2: "old" };
      expect(loadedWith({ conflict: "replace", key: ["ID"] }, table)).toEqual(all);
    });

    it('"replace" updates by a primary key of several columns', () => {
      const db = databases.inMemory("create table t (a, b, c, primary key (b, a))");
      const { load } = sqliteSink(db, {
        ...{ table: "t", columns: ["a", "b", "c"], conflict: "replace" },
      });
      load([{ a: 1, b: 1, c: 1 }, { a: 1, b: 2, c: 2 }, { a: 1, b: 1, c: 3 }], plainContext);
      expect(rowsOf(db, "select c from t order by b")).toEqual([{ c: 3 }, { c: 2 }]);
    });

    it('"replace" keeps other columns of the row', () => {
      const db = databases.inMemory("create table t (id integer primary key, name, note)");
      db.exec("insert into t values (1, 'old', 'kept')");
      const { load } = sqliteSink(db, { table: "t", columns, conflict: "replace" });
      load([{ id: 1, name: "new" }], plainContext);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: "new", note: "kept" }]);
    });

    it('"replace" leaves a row that is nothing but its key', () => {
      const db = databases.inMemory("create table t (id integer primary key)");
      const { load } = sqliteSink(db, { table: "t", columns: ["id"], conflict: "replace" });
      load([{ id: 1 }, { id: 1 }], plainContext);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1 }]);
    });

    it.each([
      ["create table t (id, name)", "given, as it has no primary key: current value is undefined"],
      ["create table t (no primary key, id, name)", `some of 'columns': current value is "no"`],
    ])("says what to do if there is no key: %s", (table, words) => {
      const sentence = `Cannot load into table "t" as 'key' must be ${words}`;
      const error = new ConfigurationError(sentence);
      expect(() => loadedWith({ conflict: "replace" }, table)).toThrow(error);
    });
  });
}
