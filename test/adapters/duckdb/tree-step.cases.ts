import type { DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duckdbSink, tombstone } from "../../../src/adapters/duckdb.ts";
import { etl } from "../../../src/etl/etl.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";
import { Model, rowOf, tables, tree } from "../../support/sinks/user-trees.ts";
import { seeded } from "../../support/streams/schedules.ts";

const schema = [
  'create table "user" (id integer primary key, name text)',
  `create table post (id integer primary key, user_id integer not null, title text
    check (title <> 'bad'))`,
  "create table tag (post_id integer not null, tag text)",
  "create table comment (id integer primary key, post_id integer not null, body text)",
  "create table note (id integer primary key, user_id integer not null, note text)",
];

async function contentsOf(connection: DuckDBConnection): Promise<string[]> {
  const contents: string[] = [];
  for (const table of Object.keys(tables)) {
    const rows = await textsOf(connection, `from "${table}"`);
    contents.push(...rows.map((row) => [table, ...row].join(" ")));
  }
  return contents.sort();
}

const words = (error: Error) => error.message;

/** What several tables have that hang together. */
export function testDuckdbTrees(): void {
  describe("tables with random rows", () => {
    const connections = connectionsOf();

    it("hold what the rows one after the other make, whole or not at all", async () => {
      const input = fc.tuple(fc.array(tree, { maxLength: 20 }), fc.integer({ min: 1, max: 8 }));
      const connection = await connections.open(...schema);
      await fc.assert(
        fc.asyncProperty(input, async ([trees, batchSize]) => {
          for (const table of Object.keys(tables)) await connection.run(`truncate "${table}"`);
          const { load } = duckdbSink(connection, { tables });
          const lost = new Set<number>();
          const deadLetters = new WritableStream<{ offset: number }>({
            write: ({ offset }) => void lost.add(offset),
          });
          const extract = () => trees.map(rowOf);
          await etl({ name: "users", extract, load }).run({ batchSize, deadLetters });
          const model = new Model();
          trees.forEach((tree, n) => lost.has(n) ? undefined : model.apply(tree));
          expect(await contentsOf(connection)).toEqual(model.contents());
          const bad = trees.filter(({ posts, isDeleted }) =>
            !isDeleted && posts.some(({ title }) => title === "bad")
          );
          expect(lost.size).toBe(bad.length);
        }),
        { seed: seeded.seed!, numRuns: 6 },
      );
    });
  });

  describe("keys that the database makes", () => {
    const connections = connectionsOf();
    const open = () =>
      connections.open(
        "create sequence ids start 7",
        `create table user (id bigint primary key default nextval('ids'), email varchar unique)`,
        "create table post (id integer default nextval('ids'), user_id bigint, title varchar)",
        "create table tag (post_id integer, tag varchar)",
      );
    const toUser = { parent: { table: "user", on: { user_id: "id" } } };
    const toPost = { parent: { table: "post", on: { post_id: "id" } } };
    const joined = `select email, title, tag from user left join post on user.id = user_id
      left join tag on post.id = post_id order by all`;

    it("are handed to the rows below, however deep", async () => {
      const connection = await open();
      const { load } = duckdbSink(connection, { tables: { user: {}, post: toUser, tag: toPost } });
      const [one, two] = [{ title: "one" }, { title: "two" }];
      const tag = [{ post_id: one, tag: "x" }, { post_id: two, tag: "y" }, {
        post_id: two,
        tag: "z",
      }];
      await load([
        { user: { email: "a" }, post: [one, two], tag },
        { user: { id: 1, email: "b" }, post: { title: "three" } },
        { user: { email: "c" } },
      ], plainContext);
      expect(await textsOf(connection, joined)).toEqual([
        ["a", "one", "x"],
        ["a", "two", "y"],
        ["a", "two", "z"],
        ["b", "three", null],
        ["c", null, null],
      ]);
    });

    it.each(["replace", "ignore"] as const)(
      "are found again where the row is there: %s",
      async (conflict) => {
        const connection = await open();
        await connection.run("insert into user (email) values ('a')");
        const user = { conflict, key: ["email"] };
        const { load } = duckdbSink(connection, { tables: { user, post: toUser } });
        const trees = ["a", "b"].map((email) => ({ user: { email }, post: { title: email } }));
        await load(trees, plainContext);
        await load(trees, plainContext);
        expect(
          await textsOf(
            connection,
            "select email, title from user join post on user.id = user_id order by all",
          ),
        )
          .toEqual([["a", "a"], ["a", "a"], ["b", "b"], ["b", "b"]]);
        expect(await textsOf(connection, "select count(*) from user")).toEqual([["2"]]);
      },
    );

    it("tell whose children are missing", async () => {
      const connection = await open();
      const user = { conflict: "replace", key: ["email"] } as const;
      const post = { ...toUser, conflict: "replace", missing: "delete" } as const;
      const { load } = duckdbSink(connection, { tables: { user, post } });
      await load([{ user: { email: "a" }, post: [{ title: "1" }, { title: "2" }] }], plainContext);
      const wrote: unknown[] = [];
      await load(
        [{ user: { email: "a" }, post: [{ title: "3" }] }, { user: { email: "b" } }],
        { ...plainContext, wrote: (counts) => void wrote.push(JSON.parse(JSON.stringify(counts))) },
      );
      expect(
        await textsOf(
          connection,
          "select email, title from user left join post on user.id = user_id order by all",
        ),
      )
        .toEqual([["a", "3"], ["b", null]]);
      expect(wrote).toEqual([{ user: { written: 1 }, post: { deleted: 2, inserted: 1 } }]);
    });

    it("are needed where nothing makes or finds them", async () => {
      const connection = await open();
      await connection.run("create table plain (id integer, name varchar)");
      const fails = async (tables: object, tree: object) => {
        const sink = duckdbSink(connection, { tables } as never);
        const loading = sink.load([{}, tree], plainContext);
        const error = await loading.catch((error) => error);
        return [...error.failures].map(([place, error]) => `${place}: ${words(error)}`);
      };
      const post = { parent: { table: "plain", on: { user_id: "id" } } };
      expect(await fails({ plain: {}, post }, { plain: { name: "a" }, post: { title: "b" } }))
        .toEqual([
          '1: Cannot load row of table "post" as the row of its parent has no value for column ' +
          '"user_id" (row 1)',
        ]);
      const user = { conflict: "ignore" };
      expect(await fails({ user, post: toUser }, { user: { email: "a" }, post: { title: "b" } }))
        .toEqual([
          '1: Cannot load row of table "user" as the database makes its key, so that it needs a ' +
          "'key' (row 1)",
        ]);
    });
  });

  describe("tombstones", () => {
    const connections = connectionsOf();

    it("name the columns of the key, each with a value that it takes", async () => {
      const connection = await connections.open("create table t (a integer, b varchar)");
      await connection.run("create table k (a integer, b varchar, primary key (a, b))");
      const of = (table: string, key: Record<string, unknown>) =>
        duckdbSink(connection, { table }).load([tombstone(key)], plainContext)
          .catch((error) => error.failures.get(0).message);
      expect(await of("t", { a: 1 })).toContain("neither a primary key nor a 'key'");
      expect(await of("k", { a: 1 })).toContain('the columns of the key ("a", "b") and no others');
      expect(await of("k", { a: 1, b: null })).toContain("a value in a tombstone");
      expect(await of("k", { a: 1.5, b: "x" })).toContain('column "a" must be an integer');
      await duckdbSink(connection, { table: "k" }).load(
        [{ a: 1, b: "x" }, { a: 1, b: "y" }, tombstone({ b: "x", a: 1 })],
        plainContext,
      );
      expect(await textsOf(connection, "from k")).toEqual([["1", "y"]]);
    });
  });
}
