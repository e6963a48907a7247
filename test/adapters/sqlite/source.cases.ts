import { describe, expect, it } from "vitest";
import { type SqliteDatabase, sqliteSink, sqliteSource } from "../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { batched } from "../../../src/streams/batched.ts";
import {
  countOf,
  databasesOf,
  plainContext,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

type Page = Record<string, unknown>[];

function pagesOf(...args: Parameters<typeof sqliteSource>): Iterable<Page> {
  return sqliteSource<Record<string, unknown>>(...args).source as Iterable<Page>;
}

function idsOf(...args: Parameters<typeof sqliteSource>): unknown[][] {
  return Array.from(pagesOf(...args), (page) => page.map(({ id }) => id));
}

/** A table with ids 1 to `count`. */
function fill(db: SqliteDatabase, count: number): SqliteDatabase {
  db.exec("create table t (id integer primary key, name text)");
  db.exec(`with recursive n (id) as (select 1 union all select id + 1 from n where id < ${count})
    insert into t select id, 'n' || id from n`);
  return db;
}

/** What is read, and what stays open meanwhile. */
export function testSqliteSources(client: SqliteClient): void {
  describe("sqliteSource", () => {
    const databases = databasesOf(client);

    it.each([undefined, "id"])("yields pages, key %s", (key) => {
      const db = fill(databases.inMemory(), 7);
      const sql = "select id from t";
      expect(idsOf(db, sql, [], { chunkSize: 3, key })).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
      expect(idsOf(db, sql, [], { chunkSize: 7, key })).toEqual([[1, 2, 3, 4, 5, 6, 7]]);
      expect(idsOf(db, `${sql} where id > ?`, [4], { chunkSize: 2, key })).toEqual([[5, 6], [7]]);
      expect(idsOf(db, `${sql} where id > ? ; `, [6], { key })).toEqual([[7]]);
      expect(idsOf(db, `${sql} -- all`, [], { chunkSize: 6, key }).length).toBe(2);
      expect(idsOf(db, `${sql} where id > ?`, [7], { key })).toEqual([]);
    });

    it.each([undefined, "id"])("yields a thousand rows a page, key %s", (key) => {
      const db = fill(databases.inMemory(), 2001);
      const lengths = idsOf(db, "select id from t", [], { key }).map(({ length }) => length);
      expect(lengths).toEqual([1000, 1000, 1]);
    });

    it.each([undefined, "id"])("rounds no integer, key %s", (key) => {
      const db = databases.inMemory("create table t (id integer primary key)");
      const ids = [-(2n ** 60n), -(2n ** 53n), -5, 3, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
      sqliteSink(db, { table: "t", columns: ["id"] }).load(ids.map((id) => ({ id })), plainContext);
      const sql = "select id from t order by id";
      expect(idsOf(db, sql, [], { chunkSize: 2, key }).flat()).toEqual(ids);
    });

    it.each([undefined, "id"])("reads again each time, key %s", (key) => {
      const db = fill(databases.inMemory(), 5);
      const params = [2];
      const pages = pagesOf(db, "select id from t where id > ?", params, { key });
      const rows = [...pages].flat();
      params[0] = 4; // What it was given is its own.
      expect([...pages].flat()).toEqual(rows);
      expect(rows.length).toBe(3);
    });

    it.each([undefined, "id"])("ends when the reader stops early, key %s", async (key) => {
      const db = fill(databases.inMemory(), 10);
      const source = sqliteSource(db, "select id from t", [], { chunkSize: 2, key });
      const reader = batched(source, { batchSize: 2 }).getReader();
      expect((await reader.read()).value).toMatchObject([{ id: 1 }, { id: 2 }]);
      await reader.cancel();
      db.exec("drop table t"); // Which an open query would refuse.
      expect(countOf(db, "sqlite_master")).toBe(0);
    });

    it("releases the connection between two pages with a key", () => {
      const db = fill(databases.inMemory(), 6);
      const { load } = sqliteSink(db, { table: "t", columns: ["id", "name"] });
      const seen: unknown[] = [];
      for (const page of pagesOf(db, "select * from t", [], { chunkSize: 4, key: "id" })) {
        seen.push(...page.map(({ id }) => id));
        if (seen.length === 4) load([{ id: 0, name: "" }, { id: 99, name: "" }], plainContext);
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 99]);
    });

    it("pages by a key of text, by the name that the query gives", () => {
      const db = fill(databases.inMemory(), 12);
      const pages = pagesOf(db, `select name as "the ""id""" from t`, [], {
        ...{ chunkSize: 5, key: 'the "id"' },
      });
      const names = [...pages].flat().map((row) => row['the "id"']);
      expect(names).toEqual(Array.from({ length: 12 }, (_, index) => `n${index + 1}`).sort());
    });

    it.each([
      ["select 1 as id union all select null", 1],
      ["select 1 as id union all select null", 2],
      ["select 1 as id union all select 1 union all select 2", 1],
      ["select 1 as id union all select 1 union all select 2", 9],
    ])("rejects a key by which rows would be lost: %s, %i a page", (sql, chunkSize) => {
      const sentence = "Cannot read pages as 'key' must be a column of the result, unique and " +
        'never NULL: current value is "id"';
      expect(() => idsOf(databases.inMemory(), sql, [], { chunkSize, key: "id" }))
        .toThrow(new ConfigurationError(sentence));
    });

    it("rejects a key that the result does not have", () => {
      const db = fill(databases.inMemory(), 3);
      expect(() => idsOf(db, "select id from t", [], { key: "nope" })).toThrow("no such column");
    });

    it("throws without a key for a client that cannot iterate", () => {
      const db = fill(databases.inMemory(), 3);
      const old: SqliteDatabase = {
        exec: (sql) => db.exec(sql),
        prepare: (sql) => {
          const statement = db.prepare(sql);
          const { run, get, all } = statement;
          return {
            ...{ run: run.bind(statement), get: get.bind(statement), all: all.bind(statement) },
          };
        },
      };
      const sentence = "Cannot construct sqliteSource as 'key' must be given, as this client " +
        "cannot iterate: current value is undefined";
      expect(() => idsOf(old, "select id from t")).toThrow(new ConfigurationError(sentence));
      expect(idsOf(old, "select id from t", [], { key: "id" }).flat().map(Number)).toEqual([
        1,
        2,
        3,
      ]);
    });

    it("passes the error of the query to the reader", () => {
      expect(() => idsOf(databases.inMemory(), "select id from none")).toThrow("no such table");
      expect(() => sqliteSource(databases.inMemory(), "selec")).not.toThrow(); // Not read yet.
    });
  });
}
