import { describe, expect, it } from "vitest";
import { sqliteSink, tombstone } from "../../../src/adapters/sqlite.ts";
import { BatchError, ConfigurationError } from "../../../src/errors.ts";
import { etl } from "../../../src/etl/etl.ts";
import {
  databasesOf,
  markedContext,
  plainContext,
  rowsOf,
  type SqliteClient,
} from "../../support/sqlite/client.ts";

const schema = `pragma foreign_keys = on;
  create table user (id integer primary key, name text unique);
  create table post (id integer primary key, user_id integer not null references user, title text);
  create table tag (post_id integer not null references post, tag text)`;
const post = { parent: { table: "user", on: { user_id: "id" } } } as const;
const tag = { parent: { table: "post", on: { post_id: "id" } } } as const;
const deletes = { conflict: "replace", missing: "delete" } as const;
const tables = { user: {}, post, tag } as const;
const replaced = {
  user: { conflict: "replace" },
  post: { ...post, ...deletes },
  tag: { ...tag, ...deletes },
} as const;

/** What tables hold that are written in one commit. */
export function testSqliteTrees(client: SqliteClient): void {
  describe("sqliteSink(): tables", () => {
    const databases = databasesOf(client);
    const contents = (db: ReturnType<typeof databases.inMemory>) => [
      rowsOf(db, "select id, name from user order by id").map((row) =>
        Object.values(row as object)
      ),
      rowsOf(db, "select id, user_id, title from post order by id")
        .map((row) => Object.values(row as object)),
      rowsOf(db, "select post_id, tag from tag order by post_id, tag")
        .map((row) => Object.values(row as object)),
    ];

    it("writes a run of rows with their children, whose parent they leave out", async () => {
      const db = databases.inMemory(schema);
      const sink = sqliteSink(db, { tables });
      const extract = Array.from({ length: 250 }, (_, id) => ({
        user: { id, name: `n${id}` },
        post: id % 2 === 0 ? [{ id, title: "a" }] : undefined,
        tag: id % 2 === 0 ? [{ tag: "x" }, { tag: "y" }] : [],
      }));
      const { checkpoints } = sink;
      const run = { batchSize: 100, checkpoints };
      await etl({ name: "users", extract: () => extract, load: sink.load }).run(run);
      expect(contents(db).map(({ length }) => length)).toEqual([250, 125, 250]);
      expect(contents(db)[1]!.every(([id, user]) => id === user)).toBe(true);
    });

    it("hands down keys that the database makes, over several levels", () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables });
      const [one, two] = [{ title: "one" }, { title: "two" }];
      load([
        { user: { name: "a" }, post: { title: "p" }, tag: [{ tag: "t" }, { tag: "u" }] },
        { user: { id: 9, name: "b" }, post: { title: "q" }, tag: { tag: "v" } },
        { user: { name: "c" }, post: [one, two], tag: { post_id: two, tag: "w" } },
      ], plainContext);
      expect(contents(db)).toEqual([
        [[1, "a"], [9, "b"], [10, "c"]],
        [[1, 1, "p"], [2, 9, "q"], [3, 10, "one"], [4, 10, "two"]],
        [[1, "t"], [1, "u"], [2, "v"], [4, "w"]],
      ]);
    });

    it.each(["ignore", "replace"] as const)(
      "finds the parent that is there already, with conflict: %s",
      (conflict) => {
        const db = databases.inMemory(`${schema}; insert into user values (7, 'a')`);
        const user = { conflict, key: ["name"] } as const;
        const { load } = sqliteSink(db, { tables: { user, post } });
        load([{ user: { name: "a" }, post: { title: "p" } }], plainContext);
        expect(contents(db).slice(0, 2)).toEqual([[[7, "a"]], [[1, 7, "p"]]]);
      },
    );

    it("refuses a kept parent that no key finds, and writes nothing", () => {
      const db = databases.inMemory(`${schema}; insert into user values (7, 'a')`);
      const { load } = sqliteSink(db, { tables: { user: { conflict: "ignore" }, post } });
      const rows = [{ user: { name: "b" } }, { user: { name: "a" }, post: { title: "p" } }];
      expect(() => load(rows, plainContext)).toThrow(
        `Cannot load row of table "user" as its row is there already, and is not found without a ` +
          `'key' (row 1)`,
      );
      expect(contents(db)).toEqual([[[7, "a"]], [], []]);
    });

    it("removes what was not given again, with what belongs to it", () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables: replaced });
      const [p1, p2] = [{ id: 1, title: "p1" }, { id: 2, title: "p2" }];
      load([
        {
          user: { id: 1, name: "a" },
          post: [p1, p2],
          tag: [{ post_id: 1, tag: "x" }, {
            ...{ post_id: 2, tag: "y" },
          }],
        },
        { user: { id: 2, name: "b" }, post: { id: 3, title: "p3" }, tag: { tag: "z" } },
      ], plainContext);
      expect(contents(db)[2]).toEqual([[1, "x"], [2, "y"], [3, "z"]]);
      load(
        [{ user: { id: 1, name: "a" }, post: p2, tag: [{ tag: "n" }, { tag: "m" }] }],
        plainContext,
      );
      expect(contents(db).slice(1)).toEqual([
        [[2, 1, "p2"], [3, 2, "p3"]],
        [[2, "m"], [2, "n"], [3, "z"]],
      ]);
      load([{ user: { id: 2, name: "c" } }], plainContext);
      expect(contents(db)).toEqual([[[1, "a"], [2, "c"]], [[2, 1, "p2"]], [[2, "m"], [2, "n"]]]);
    });

    it("keeps what was given again, in whatever words", () => {
      const db = databases.inMemory(`create table user (id integer primary key);
        create table word (user_id integer, key text collate nocase, size real, n integer,
          primary key (user_id, key, size));`);
      const on = { table: "user", on: { user_id: "id" } };
      const { load } = sqliteSink(db, {
        tables: { user: { conflict: "replace" }, word: { parent: on, ...deletes } },
      });
      const loadWords = (word: object[]) => load([{ user: { id: 1 }, word }], plainContext);
      const found = () =>
        rowsOf(db, "select key, size, n from word order by n")
          .map((row) =>
            Object.values(row as object).map((value) => value === null ? null : `${value}`)
          );
      loadWords([{ key: "a", size: 1, n: 1 }, { key: "7", size: 2, n: 2 }]);
      loadWords([{ key: "A", size: 1n, n: 3 }, { key: "7", size: "2", n: 4 }]);
      expect(found()).toEqual([["a", "1", "3"], ["7", "2", "4"]]);
      loadWords([{ key: "7", size: 2, n: 5 }, { key: null, size: 2, n: 6 }]);
      expect(found()).toEqual([["7", "2", "5"], [null, "2", "6"]]);
      loadWords([{ key: null, size: 2, n: 7 }]); // No such key is that of another row.
      expect(found()).toEqual([[null, "2", "7"]]);
    });

    it("does what rows one after the other do, where a parent or a child comes twice", () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables: replaced });
      load([
        { user: { id: 1, name: "a" }, post: { id: 1, title: "x" }, tag: { tag: "old" } },
        { user: { id: "1", name: "b" }, post: { id: 2, title: "y" }, tag: { tag: "new" } },
        { user: { id: 2, name: "c" }, post: { id: 2, title: "moved" } },
        { user: { id: 1, name: "d" } },
      ], plainContext);
      expect(contents(db)).toEqual([[[1, "d"], [2, "c"]], [[2, 2, "moved"]], []]);
    });

    it("deletes by a tombstone with all that belongs to it, in the order of the batch", () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables, conflict: "replace" });
      db.exec(
        "drop table tag; create table tag (post_id references post, tag, primary key (post_id, tag))",
      );
      const tree = (name: string) => ({
        ...{ user: { id: 1, name }, post: { id: 1, title: name }, tag: { tag: name } },
      });
      load([tree("a"), { user: tombstone({ id: 1 }) }, tree("b"), { user: { id: 2, name: "c" } }, {
        user: tombstone({ id: 2 }),
      }, { user: tombstone({ id: 99 }) }], plainContext);
      expect(contents(db)).toEqual([[[1, "b"]], [[1, 1, "b"]], [[1, "b"]]]);
      load([{ post: tombstone({ id: 1 }) }], plainContext);
      expect(contents(db)).toEqual([[[1, "b"]], [], []]);
    });

    it("deletes by tombstones among the rows of one table", () => {
      const db = databases.inMemory("create table t (a, b, c, primary key (a, b))");
      const { load } = sqliteSink(db, { table: "t", conflict: "replace" });
      load([{ a: 1, b: 1, c: 1 }, tombstone({ a: 1, b: 1 }), { a: 2, b: 1 }], plainContext);
      expect(rowsOf(db, "select * from t")).toEqual([{ a: 2, b: 1, c: null }]);
    });

    it.each<[string, object, string]>([
      ["another key", { a: 1, c: 2 }, `(\"a\", \"b\") and no others: "c" breaks this (row 1)`],
      ["less than the key", { a: 1 }, `and no others: "b" breaks this (row 1)`],
      [
        "null",
        { a: 1, b: null },
        `column "b" must be a value in a tombstone: current value is null`,
      ],
      ["a date", { a: 1, b: new Date() }, `column "b" must be a value that SQLite stores as it is`],
    ])("refuses a tombstone with %s by name", (_, key, words) => {
      const db = databases.inMemory("create table t (a, b, c, primary key (a, b))");
      const { load } = sqliteSink(db, { table: "t" });
      expect(() => load([{ a: 1, b: 1 }, tombstone(key as Record<string, unknown>)], plainContext))
        .toThrow(words);
      expect(rowsOf(db, "select * from t")).toEqual([]);
    });

    it("tells what is wrong in all tables together, by the place of what it came with", () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables });
      const rows = [
        { user: { id: 1, name: "a" }, post: { title: true } },
        { user: { id: 2, nick: "b" } },
        { user: { id: 3 } },
        { user: { id: 4 }, other: [] } as object,
        { user: [{ id: 5 }, { id: 6 }], post: { title: "whose" } },
      ];
      let error: unknown;
      try {
        load(rows, plainContext);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(BatchError);
      const words = [...(error as BatchError).failures].map(([n, one]) => [n, `${one}`]);
      expect(words).toEqual([
        [0, expect.stringContaining(`row of table "post" as column "title" must be`)],
        [1, expect.stringContaining(`row of table "user" as property "nick" has no column`)],
        [3, expect.stringContaining(`"other" is none of the tables "user", "post", "tag" (row 3)`)],
        [4, expect.stringContaining(`a row of "post" must have a value for "user_id"`)],
      ]);
      expect(contents(db)).toEqual([[], [], []]);
    });

    it("writes nothing, nor the mark, if a later table fails, and can be tried again", () => {
      const db = databases.inMemory(`${schema}; insert into post values (1, 1, 'there')`.replace(
        "on;",
        "off;",
      ));
      const sink = sqliteSink(db, { tables });
      sink.checkpoints.claim!("users", { runId: "one", until: 2000 }, 1000);
      const rows = [{ user: { name: "a" }, post: { id: 1, title: "p" } }];
      expect(() => sink.load(rows, markedContext([[0, 1]]))).toThrow("UNIQUE");
      expect(contents(db)[0]).toEqual([]);
      db.exec("delete from post");
      sink.load(rows, markedContext([[0, 1]], { attempt: 2 }));
      expect(contents(db).slice(0, 2)).toEqual([[[1, "a"]], [[1, 1, "p"]]]);
      expect(sink.checkpoints.read("users")).toMatchObject({ offset: 1 });
    });

    it("counts by table what became of the rows, of loads that were committed", async () => {
      const db = databases.inMemory(schema);
      const settings = { ...replaced, tag: { ...tag, conflict: "ignore" } } as const;
      const sink = sqliteSink(db, { tables: settings });
      const trees = [
        { user: { id: 1, name: "a" }, post: [{ id: 1, title: "p" }, { id: 2, title: "q" }] },
        { user: { id: 1, name: "b" }, post: { id: 1, title: "p" }, tag: { tag: "t" } },
        { user: { id: 2, name: "b" } }, // Its name is taken.
        { user: tombstone({ id: 1 }) },
      ];
      const deadLetters = new WritableStream();
      const { checkpoints, load } = sink;
      const report = await etl({ name: "users", extract: () => trees, load })
        .run({ batchSize: 4, checkpoints, deadLetters });
      expect(report.tables).toEqual({
        user: { written: 2, deleted: 1 },
        post: { written: 3, deleted: 2 },
        tag: { inserted: 1, deleted: 1 },
      });
    });

    it("counts by table what was left out", async () => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables: { user: {}, post }, unknown: "drop" });
      const extract = () => [{ user: { id: 1, nick: 1 }, post: { title: "a", nick: 2 } }];
      const report = await etl({ name: "users", extract, load }).run();
      expect(report.drift).toEqual({ "user.nick": 1, "post.nick": 1 });
    });

    it.each<[string, object, string]>([
      ["a table", { user: {}, nope: {} }, `'table' must be an existing table`],
      [
        "a column of the child",
        { user: {}, post: { parent: { table: "user", on: { uid: "id" } } } },
        `
        'tables.post.parent.on' must be columns of "post", in the same letters: current value is "uid"
      `.trim(),
      ],
      ["a column of the parent", {
        ...{ user: {}, post: { parent: { table: "user", on: { user_id: "ID" } } } },
      }, `'tables.post.parent.on' must be columns of "user", in the same letters`],
    ])("throws before anything is written where %s is missing", (_, wrong, words) => {
      const db = databases.inMemory(schema);
      const { load } = sqliteSink(db, { tables: wrong as typeof tables });
      const write = () => load([{ user: { id: 1 } }], plainContext);
      expect(write).toThrow(ConfigurationError);
      expect(write).toThrow(words);
      expect(contents(db)[0]).toEqual([]);
    });
  });
}
