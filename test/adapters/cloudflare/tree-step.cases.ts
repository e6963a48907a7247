import { describe, expect, it } from "vitest";
import { tombstone } from "../../../src/adapters/cloudflare.ts";
import { BatchError } from "../../../src/errors.ts";
import type { DatabaseKind, TestDatabase } from "../../support/cloudflare/databases.ts";

const context = { runId: "one", batch: { attempt: 1 } };

/** Loads one batch by a sink of its own. */
async function load(db: TestDatabase, options: object, rows: readonly object[], more = {}) {
  await db.sink(options as { table: string }).load(rows, { ...context, ...more });
}

/** Rows that hang together are written as if one came after the other. */
export function testCloudflareTrees({ open, inside }: DatabaseKind): void {
  const test = (name: string, schema: string, run: (db: TestDatabase) => Promise<void>) =>
    it(
      name,
      inside(async () => {
        const db = await open();
        await db.all(...schema.split(";"));
        await run(db);
      }),
    );
  const users = "create table user (id integer primary key, email text unique, name text)";
  const posts =
    `create table post (id integer primary key, user_id integer not null references user,
    title text)`;
  const notes = "create table note (post_id integer not null references post, text text)";
  const userPost = { user: {}, post: { parent: { table: "user", on: { user_id: "id" } } } };
  const all = {
    ...userPost,
    note: { parent: { table: "post", on: { post_id: "id" } } },
  };
  const told = `select name, title, text from user left join post on user_id = user.id
    left join note on post_id = post.id order by name, title, text`;

  describe("several tables", () => {
    test("have the numbers that the database gives", `${users};${posts};${notes}`, async (db) => {
      await db.all("insert into user values (41, 'x', 'Zoe')");
      const post = (title: string) => ({ title });
      const p = [post("One"), post("Two")];
      await load(db, { tables: all }, [
        { user: { name: "Ada" }, post: post("Only"), note: [{ text: "a" }, { text: "b" }] },
        { user: { id: 7, name: "Bob" }, post: p, note: [{ post_id: p[1], text: "c" }] },
        { user: { name: "Cy" } },
      ]);
      expect(await db.all(told)).toEqual([
        { name: "Ada", title: "Only", text: "a" },
        { name: "Ada", title: "Only", text: "b" },
        { name: "Bob", title: "One", text: null },
        { name: "Bob", title: "Two", text: "c" },
        { name: "Cy", title: null, text: null },
        { name: "Zoe", title: null, text: null },
      ]);
      expect(await db.all("select id from user where name = 'Bob'")).toEqual([{ id: 7 }]);
    });

    test(
      "find the parent by its key where it is there already",
      `${users};${posts}`,
      async (db) => {
        await db.all("insert into user values (3, 'ada', 'Old')");
        const tables = { ...userPost, user: { conflict: "replace", key: ["email"] } };
        const rows = [
          { user: { email: "ada", name: "Ada" }, post: { title: "One" } },
          { user: { email: "bob", name: "Bob" }, post: { title: "Two" } },
        ];
        await load(db, { tables }, rows);
        expect(
          await db.all("select email, title from post join user on user.id = user_id order by 1"),
        )
          .toEqual([{ email: "ada", title: "One" }, { email: "bob", title: "Two" }]);
        expect(await db.all("select name from user where id = 3")).toEqual([{ name: "Ada" }]);
      },
    );

    test(
      "give no number twice that was given once",
      `
      create table user (id integer primary key autoincrement, name text);${posts}`,
      async (db) => {
        await db.all("insert into user values (90, 'gone')", "delete from user");
        await load(db, { tables: userPost }, [{ user: { name: "Ada" }, post: { title: "One" } }]);
        expect(await db.all("select user_id from post")).toEqual([{ user_id: 91 }]);
      },
    );

    test(
      "say of an item that nothing finds its parent",
      `create table user (code text not null primary key, name text default 'n') without rowid;
       create table post (user_name text not null, title text)`,
      async (db) => {
        const tables = {
          user: {},
          post: { parent: { table: "user", on: { user_name: "name" } } },
        };
        await load(db, { tables }, [{ user: { code: "a" }, post: { title: "One" } }]);
        expect(await db.all("select user_name from post")).toEqual([{ user_name: "n" }]);
        const rows = [{ user: { code: "b" } }, { user: {}, post: { title: "One" } }];
        const failure = await load(db, { tables }, rows).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(BatchError);
        expect([...(failure as BatchError).failures].map(([n, error]) => [n, `${error}`]))
          .toEqual([[
            1,
            'TypeError: Cannot load row of table "post" as its row of "user" is not found without a ' +
            "primary key or a 'key' (row 1)",
          ]]);
      },
    );
  });

  describe("missing rows", () => {
    const conflict = "replace";
    const tables = {
      user: { conflict, key: ["email"] },
      post: { conflict, ...userPost.post, missing: "delete" },
      note: all.note,
    };
    const filled = async (db: TestDatabase) => {
      await db.all(
        "insert into user values (1, 'a', 'Ada'), (2, 'b', 'Bob')",
        "insert into post values (1, 1, 'one'), (2, 1, 'two'), (3, 2, 'three')",
        "insert into note values (1, 'n1'), (2, 'n2'), (3, 'n3')",
      );
    };
    const schema = `${users};${posts};${notes}`;

    test("go with all that belongs to them", schema, async (db) => {
      await filled(db);
      let counts = {};
      await load(db, { tables }, [
        { user: { email: "a", name: "Ada" }, post: [{ id: 2, title: "two!" }, { id: 9 }] },
      ], { wrote: (told: object) => void (counts = told) });
      expect(await db.all(told)).toEqual([
        { name: "Ada", title: null, text: null },
        { name: "Ada", title: "two!", text: "n2" },
        { name: "Bob", title: "three", text: "n3" },
      ]);
      expect(counts).toEqual({
        user: { written: 1 },
        post: { deleted: 1, written: 2 },
        note: { deleted: 1 },
      });
    });

    test("are those of the last time where a parent comes twice", schema, async (db) => {
      await filled(db);
      const ada = { email: "a", name: "Ada" };
      await load(db, { tables }, [
        { user: ada, post: [{ id: 2 }, { id: 8 }] },
        { user: ada, post: [{ id: 1, title: "one?" }] },
      ]);
      expect(await db.all("select id from post order by id")).toEqual([{ id: 1 }, { id: 3 }]);
    });

    test(
      "are none that move to a parent before, and come anew in one after",
      schema,
      async (db) => {
        await filled(db);
        await load(db, { tables }, [
          { user: { email: "b" }, post: [{ id: 1 }] }, // Moves here first, and 3 is gone.
          { user: { email: "a" }, post: [] }, // Has 2 no more.
        ]);
        expect(await db.all("select id, user_id, title from post")).toEqual([
          { id: 1, user_id: 2, title: "one" },
        ]);
        await load(db, { tables }, [
          { user: { email: "b" }, post: [] },
          { user: { email: "a" }, post: [{ id: 1 }] },
        ]);
        expect(await db.all("select id, user_id, title from post")).toEqual([
          { id: 1, user_id: 1, title: null },
        ]);
        expect(await db.all("select * from note")).toEqual([]);
      },
    );

    test(
      "are all of a parent where nothing tells them apart",
      `${users};
      create table tag (user_id integer, tag text)`,
      async (db) => {
        const tags = {
          user: { conflict, key: ["email"] },
          tag: { conflict, parent: { table: "user", on: { user_id: "id" } }, missing: "delete" },
        };
        const item = (email: string, ...given: string[]) => ({
          user: { email },
          tag: given.map((tag) => ({ tag })),
        });
        await load(db, { tables: tags }, [item("a", "x", "y"), item("b", "z")]);
        await load(db, { tables: tags }, [item("a", "y", "y")]);
        expect(await db.all("select tag from tag order by tag")).toEqual([
          { tag: "y" },
          { tag: "y" },
          { tag: "z" },
        ]);
      },
    );
  });

  describe("tombstones", () => {
    test("take what belongs to them along", `${users};${posts};${notes}`, async (db) => {
      await db.all(
        "insert into user values (1, 'a', 'Ada'), (2, 'b', 'Bob')",
        "insert into post values (1, 1, 'one'), (3, 2, 'three')",
        "insert into note values (1, 'n1'), (3, 'n3')",
      );
      await load(db, { tables: all }, [{ user: tombstone({ id: 1 }) }, {
        post: tombstone({ id: "3" }),
      }]);
      expect(await db.all(told)).toEqual([{ name: "Bob", title: null, text: null }]);
    });
  });
}
