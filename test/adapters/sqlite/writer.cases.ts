import { describe, expect, it } from "vitest";
import { sqliteSink, type SqliteSinkOptions } from "../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import {
  databasesOf,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const keyed = "create table t (id integer primary key, name text)";
const rows = Array.from({ length: 20 }, (_, id) => ({ id, name: `n${id}` }));

/** What no row can get round, and what has changed between two runs. */
export function testSqliteTables(client: SqliteClient): void {
  describe("a table of SQLite that does not fit the rows", () => {
    const databases = databasesOf(client);

    const wrong: [string, string, Partial<SqliteSinkOptions>, string][] = [
      ["no table", "select 1", {}, `'table' must be an existing table: current value is "t"`],
      ["no column", keyed, { columns: ["id", "nam"] }, `of table "t": current value is "nam"`],
      [
        "a generated column",
        "create table t (id, name text as (id || 'x') stored)",
        {},
        `'columns' must be columns that table "t" does not generate: current value is "name"`,
      ],
      [
        "a virtual generated column, in other letters",
        "create table t (id, NAME text as (id || 'x'))",
        {},
        `does not generate: current value is "name"`,
      ],
      [
        "no unique index",
        "create table t (id, name)",
        { conflict: "replace", key: ["id"] },
        `'key' must be the columns of a primary key or a unique index of "t": current value is "id"`,
      ],
      [
        "a unique index of other columns",
        "create table t (id, name, unique (id, name))",
        { conflict: "ignore", key: ["id"] },
        `a unique index of "t": current value is "id"`,
      ],
      [
        "a key that is none of its columns",
        keyed,
        { columns: undefined, conflict: "replace", key: ["no"] },
        `'key' must be some of 'columns': current value is "no"`,
      ],
      [
        "a view that takes nothing",
        "create view t as select 1 as id, 'a' as name",
        {},
        `'table' must be one that accepts these columns (`,
      ],
      [
        "a trigger that needs another table",
        `${keyed}; create trigger a after insert on t begin insert into log values (1); end`,
        {},
        "main.log",
      ],
      [
        "no rowid",
        "create table t (id primary key) without rowid",
        { columns: ["rowid"] },
        "rowid",
      ],
    ];

    it.each(wrong)(
      "is rejected by name, without a dead letter: %s",
      async (_, sql, options, words) => {
        const db = databases.inMemory(sql);
        const sink = sqliteSink(db, { table: "t", columns: ["id", "name"], ...options });
        const run = etl({ name: "t", extract: () => rows, load: sink.load })
          .run({ deadLetters: () => sink.deadLetters(), batchSize: 3 });
        await expect(run).rejects.toMatchObject({
          stage: "load",
          cause: expect.any(ConfigurationError),
          report: { deadLettered: 0, loaded: 0 },
        });
        await expect(run).rejects.toThrow(words);
      },
    );

    it("is rejected by name if it is dropped meanwhile", async () => {
      const db = databases.inMemory(keyed);
      const { load, deadLetters } = sqliteSink(db, { table: "t", columns: ["id", "name"] });
      const extract = function* () {
        yield* rows.slice(0, 3);
        db.exec("alter table t rename column name to title");
        yield* rows.slice(3);
      };
      for (const batchSize of [1, 3]) {
        const run = etl({ name: "t", extract, load }).run({ batchSize, deadLetters });
        await expect(run).rejects.toMatchObject({ report: { deadLettered: 0, loaded: 3 } });
        await expect(run).rejects.toThrow(`current value is "name"`);
        db.exec("alter table t rename column title to name; delete from t");
      }
    });

    it("is rejected if nothing can be written", () => {
      const db = databases.inFile("read.db", keyed);
      db.exec("pragma query_only = on");
      const { load, checkpoints } = sqliteSink(db, { table: "t", columns: ["id", "name"] });
      const words = "'db' must be a writable database";
      expect(() => load(rows, plainContext)).toThrow(ConfigurationError);
      expect(() => load(rows, plainContext)).toThrow(words);
      expect(() => checkpoints.claim("k", { runId: "r", until: 1 }, 0)).toThrow(words);
    });
  });

  describe("a table of SQLite that fits the rows", () => {
    const databases = databasesOf(client);

    const right: [string, string, Partial<SqliteSinkOptions>][] = [
      ["names in other letters", "create table T (Id integer primary key, NAME text)", {}],
      ["a column that is generated beside", `create table t (id, name, up as (upper(name)))`, {}],
      [
        "a view with a trigger",
        `create table b (id, name); create view t as select * from b;
          create trigger into_b instead of insert on t begin
            insert into b values (new.id, new.name); end`,
        {},
      ],
      ["a temporary table", "create temp table t (id, name)", {}],
      ["all of its columns", "create table t (id, name, up as (upper(name)) stored)", {
        columns: undefined,
      }],
      [
        "a unique index in other letters",
        "create table t (id, name); create unique index i on t (ID)",
        { conflict: "replace", key: ["id"] },
      ],
    ];

    it.each(right)("is loaded: %s", async (_, sql, options) => {
      const db = databases.inMemory(sql);
      const { load } = sqliteSink(db, { table: "t", columns: ["id", "name"], ...options });
      await etl({ name: "t", extract: () => rows, load }).run({ batchSize: 3 });
      expect(rowsOf(db, "select id as id, name as name from t order by id")).toEqual(rows);
    });

    it("may be made by preProcess, and accepts a rowid", async () => {
      const db = databases.inMemory();
      const { load } = sqliteSink(db, { table: "t", columns: ["rowid", "name"] });
      await etl({
        name: "t",
        preProcess: () => db.exec("create table t (name)"),
        extract: () => [{ rowid: 7, name: "a" }],
        load,
      }).run();
      expect(rowsOf(db, "select rowid as id, name from t")).toEqual([{ id: 7, name: "a" }]);
    });

    it("is looked up again in each run", async () => {
      const db = databases.inMemory("create table t (id integer primary key, name text)");
      const { load } = sqliteSink(db, { table: "t", conflict: "replace" });
      const run = (rows: object[]) =>
        etl({ name: "t", extract: () => rows, load }).run({ batchSize: 2 });
      await run([{ id: 1, name: "a" }]);
      db.exec(`drop table t; create table t (id integer, name text primary key, note)`);
      await run([{ id: 1, name: "a", note: 1 }, { id: 2, name: "a", note: 2 }]);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 2, name: "a", note: 2 }]);
      db.exec("alter table t drop column note");
      await expect(run([{ id: 1, name: "a", note: 1 }])).rejects.toThrow(`property "note"`);
    });

    it("is looked up again after a failure, in the same run", () => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, { table: "t" });
      load([{ id: 1, name: "a" }], plainContext);
      expect(() => load([{ id: 1, name: "a" }], plainContext)).toThrow("UNIQUE");
      db.exec("alter table t add column note");
      load([{ id: 2, name: "a", note: 5 }], plainContext);
      expect(rowsOf(db, "select id, note from t")).toEqual([{ id: 1, note: null }, {
        ...{ id: 2, note: 5 },
      }]);
    });
  });
}
