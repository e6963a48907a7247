import { describe, expect, it } from "vitest";
import { etl } from "../../../src/index.ts";
import { sqliteSink, tombstone } from "../../../src/adapters/sqlite.ts";
import type { BatchError } from "../../../src/errors.ts";
import { outcomeOfCall } from "../../support/outcomes/outcome-of-call.ts";
import {
  databasesOf,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const keyed = "create table t (id integer primary key, name text)";
const growing = { table: "t", unknown: "add" } as const;

/** Columns that a sink adds. */
export function testSqliteGrowth(client: SqliteClient): void {
  describe("a property that gets a column in SQLite", () => {
    const databases = databasesOf(client);

    it("keeps its values as they are, and is told in the report", async () => {
      const db = databases.inMemory(keyed);
      const rows = [{ id: 1, a: "5" }, { id: 2, b: null }, { id: 3, a: 5, 'q"': 1 }, { id: 4 }];
      const { load } = sqliteSink(db, growing);
      const { drift } = await etl({ name: "j", extract: () => rows, load }).run({ batchSize: 2 });
      expect(drift).toEqual({ a: 1, b: 1, 'q"': 1 });
      expect(rowsOf(db, 'select id, a, "q""" as q from t order by id')).toEqual([
        { id: 1, a: "5", q: null },
        { id: 2, a: null, q: null },
        { id: 3, a: 5, q: 1 },
        { id: 4, a: null, q: null },
      ]);
    });

    it("is there once where two sinks add it, beside given columns", () => {
      const [one, two] = [databases.inFile("db", keyed), databases.inFile("db")];
      const options = { ...growing, columns: ["id"] };
      const sinks = [one, two].map((db) => sqliteSink(db, options));
      sinks.forEach(({ load }, n) => load([{ id: n }], plainContext)); // Both know the table.
      sinks.forEach(({ load }, n) => load([{ id: 10 + n, a: n }], plainContext));
      sinks.forEach(({ load }, n) => load([{ id: 20 + n }, { id: 30 + n, a: 9 }], plainContext));
      expect(rowsOf(one, "select id, a from t where a is not null order by id")).toEqual([
        { id: 10, a: 0 },
        { id: 11, a: 1 },
        { id: 30, a: 9 },
        { id: 31, a: 9 },
      ]);
    });

    it("leaves no column where its batch fails, and comes again", () => {
      const db = databases.inMemory(`${keyed}; insert into t values (1, 'a')`);
      const { load } = sqliteSink(db, growing);
      expect(() => load([{ id: 2, a: 1 }, { id: 1, a: 1 }], plainContext)).toThrow(/UNIQUE/i);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: "a" }]);
      load([{ id: 2, a: 1 }], plainContext);
      expect(rowsOf(db, "select id, a from t where id = 2")).toEqual([{ id: 2, a: 1 }]);
    });

    it.each([["Name", "the table has"], ["rowid", "its own column"], ["", "non-empty"]])(
      "is refused by name where it cannot be: %j",
      (name, reason) => {
        const db = databases.inMemory(keyed);
        const { load } = sqliteSink(db, growing);
        const rows = [{ id: 1 }, { id: 2, [name]: 1 }];
        const { failures } = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
        expect([...failures.keys()]).toEqual([1]);
        expect(String(failures.get(1))).toContain(`Cannot add column "${name}": `);
        expect(String(failures.get(1))).toContain(reason);
        expect(rowsOf(db, "select * from t")).toEqual([]);
      },
    );

    it("is all that a row has", () => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, growing);
      load([{ a: "x" }, { id: 5, a: "y" }, { id: 6 }], plainContext);
      expect(rowsOf(db, "select a from t order by id")).toEqual([{ a: "x" }, { a: "y" }, {
        a: null,
      }]);
      const { failures } = outcomeOfCall(() => load([{ b: null }], plainContext))
        .error as BatchError;
      expect(String(failures.get(0))).toContain("must have a property that is a column");
    });

    it("is refused where its value would not come back", () => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, growing);
      const rows = [{ id: 1, a: {} }, { id: 2, a: 1 }];
      const { failures } = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
      expect(String(failures.get(0))).toContain('"a"');
      expect(failures.size).toBe(1);
    });
  });

  describe("properties that get columns in several tables of SQLite", () => {
    const databases = databasesOf(client);
    const schema = `create table user (id integer primary key, name text);
      create table post (id integer primary key, user_id integer not null, title text)`;
    const post = { parent: { table: "user", on: { user_id: "id" } } } as const;
    const open = (options: object = {}, own: object = {}) => {
      const db = databases.inMemory(schema);
      const sink = sqliteSink(db, {
        ...{ unknown: "add", ...options, tables: { user: {}, post: { ...post, ...own } } },
      });
      return { db, ...sink };
    };

    it("are there with their batch, whose keys the database makes, and are told by table", async () => {
      const { db, load, checkpoints } = open();
      const trees = [
        { user: { name: "Ada" }, post: { title: "a" } },
        { user: { name: "Ben", nick: "B" }, post: [{ title: "b", nick: 5 }, { tag: "x" }] },
        { user: { name: "Cleo", nick: null }, post: { title: "c", nick: "5" } },
      ];
      const pipeline = etl({ name: "users", extract: () => trees, load });
      const { drift } = await pipeline.run({ batchSize: 2, checkpoints });
      expect(drift).toEqual({ "user.nick": 1, "post.nick": 1, "post.tag": 1 });
      expect(rowsOf(db, "select name, nick from user order by id")).toEqual([
        { name: "Ada", nick: null },
        { name: "Ben", nick: "B" },
        { name: "Cleo", nick: null },
      ]);
      expect(rowsOf(db, "select user_id, title, nick, tag from post order by id")).toEqual([
        { user_id: 1, title: "a", nick: null, tag: null },
        { user_id: 2, title: "b", nick: 5, tag: null },
        { user_id: 2, title: null, nick: null, tag: "x" },
        { user_id: 3, title: "c", nick: "5", tag: null },
      ]);
    });

    it("leave no column in any table where one cannot be added, and name what it came with", () => {
      const { db, load } = open();
      const trees = [{ user: { id: 1, nick: "A" } }, { user: { id: 2 }, post: { rowid: 1 } }];
      const { failures } = outcomeOfCall(() => load(trees, plainContext)).error as BatchError;
      expect([...failures].map(([place, error]) => [place, (error as Error).message])).toEqual([
        [
          1,
          'Cannot add column "post"."rowid": SQLite has its own column of this name (row 1)',
        ],
      ]);
      load([{ user: { id: 1 } }], plainContext);
      expect(rowsOf(db, "select * from user")).toEqual([{ id: 1, name: null }]);
    });

    it("are refused in a table that does not add them", () => {
      const { load } = open({}, { unknown: "error" });
      const trees = [{ user: { id: 1, nick: "A" }, post: { nick: 1 } }];
      const { failures } = outcomeOfCall(() => load(trees, plainContext)).error as BatchError;
      expect(String(failures.get(0))).toContain('row of table "post" as property "nick" has no');
    });

    it("come with tombstones, in the order of the batch", () => {
      const { db, load } = open({ conflict: "replace" }, { missing: "delete" });
      const trees = [
        { user: { id: 1, name: "Ada" }, post: [{ id: 1, title: "a" }, { id: 2, title: "b" }] },
        { user: { id: 2, nick: "B" }, post: { id: 3, tag: "x" } },
        { user: tombstone({ id: 2 }) },
        { user: { id: 1, name: "Ada" }, post: { id: 2, tag: "y" } },
      ];
      load(trees, plainContext);
      expect(rowsOf(db, "select * from user")).toEqual([{ id: 1, name: "Ada", nick: null }]);
      expect(rowsOf(db, "select id, title, tag from post")).toEqual([
        { id: 2, title: "b", tag: "y" },
      ]);
    });
  });

  describe("a property that gets a column in SQLite, beside a tombstone or in a strict table", () => {
    const databases = databasesOf(client);

    it("is written where the row of a tombstone is deleted, in one batch", () => {
      const db = databases.inMemory(`${keyed}; insert into t values (1, 'a')`);
      const { load } = sqliteSink(db, growing);
      const rows = [{ id: 2, a: 1 }, tombstone({ id: 1 }), { id: 1, a: 2 }, tombstone({ id: 2 })];
      const told: unknown[] = [];
      load(rows, { ...plainContext, drift: (counts) => void told.push(counts) });
      expect(told).toEqual([{ a: 2 }]);
      expect(rowsOf(db, "select * from t")).toEqual([{ id: 1, name: null, a: 2 }]);
    });

    it("keeps values of every kind where the table is strict", () => {
      const db = databases.inMemory(`${keyed} strict`);
      const { load } = sqliteSink(db, growing);
      load([{ id: 1, a: "5" }, { id: 2, a: 1.5 }], plainContext);
      load([{ id: 3, a: Uint8Array.of(1) }, { id: 4 }], plainContext);
      expect(rowsOf(db, "select id, a, typeof(a) as type from t order by id")).toEqual([
        { id: 1, a: "5", type: "text" },
        { id: 2, a: 1.5, type: "real" },
        { id: 3, a: expect.objectContaining({ 0: 1 }), type: "blob" },
        { id: 4, a: null, type: "null" },
      ]);
    });

    it("is told by its table where a function has written it, and fails no other row", () => {
      const db = databases.inMemory(keyed);
      const { load } = sqliteSink(db, {
        write: (tx) => tx.insert("t", [{ id: 1 }, { id: 2, rowid: 1 }], { unknown: "add" }),
      });
      const { error } = outcomeOfCall(() => load([{}, {}, {}], plainContext));
      expect(String(error)).toContain('Cannot add column "t"."rowid": ');
      expect((error as Partial<BatchError>).failures).toBeUndefined();
    });
  });
}
