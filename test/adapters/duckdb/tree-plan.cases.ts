import { describe, expect, it } from "vitest";
import { duckdbSink, tombstone } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

/** What is refused of tables, as DuckDB could not do it. */
export function testDuckdbPlans(): void {
  describe("tables that hang together", () => {
    const connections = connectionsOf();
    const open = () =>
      connections.open(
        'create table "user" (id integer primary key, email varchar unique, name varchar)',
        'create table post (id integer primary key, user_id integer references "user", n integer)',
        "create table tag (post_id integer references post, tag varchar)",
        "create table free (id integer primary key, tags varchar[])",
        "create table kept (free_id integer references free)",
      );
    const toUser = { parent: { table: "user", on: { user_id: "id" } } };
    const toPost = { parent: { table: "post", on: { post_id: "id" } } };
    const replaced = { conflict: "replace" } as const;
    const missing = { ...replaced, missing: "delete" } as const;
    const user = { conflict: "replace", columns: ["id", "name"] } as const;

    it.each<[object, object, string]>([
      [
        { user, post: { ...toUser, ...missing }, tag: toPost },
        { user: { id: 1, name: "a" } },
        `'tables.post.missing' must be omitted while "tag" has a foreign key to the table: DuckDB ` +
        "deletes no row in the transaction that deleted the rows which referred to it",
      ],
      [
        { user, post: toUser },
        { user: tombstone({ id: 1 }) },
        `'tombstones of user' must be omitted while "post" has a foreign key`,
      ],
      [
        { user: replaced, post: toUser },
        { user: { id: 1 } },
        `'tables.user.conflict' must be "error" or "ignore", or its 'columns' without "email", while`,
      ],
      [
        { free: replaced, kept: { parent: { table: "free", on: { free_id: "id" } } } },
        { free: { id: 1 } },
        `'tables.free.conflict' must be "error" or "ignore", or its 'columns' without "tags", while`,
      ],
      [
        { user, post: { parent: { table: "user", on: { User_id: "id" } } } },
        { user: { id: 1, name: "a" } },
        `'tables.post.parent.on' must be columns of "post", in the same letters: current value is ` +
        '"User_id"',
      ],
      [
        { user, post: { parent: { table: "user", on: { user_id: "none" } } } },
        { user: { id: 1, name: "a" } },
        `'tables.post.parent.on' must be columns of "user", in the same letters`,
      ],
    ])("are refused before anything is written: %j", async (tables, tree, words) => {
      const connection = await open();
      const { load } = duckdbSink(connection, { tables } as never);
      const error = await load([tree], plainContext).catch((error) => error);
      expect(error.name).toBe("ConfigurationError");
      expect(error.message).toContain(words);
    });

    it("are written where foreign keys allow it", async () => {
      const connection = await open();
      const post = { ...toUser, ...missing };
      const sink = duckdbSink(connection, { tables: { user, post } });
      const tree = (...ids: number[]) => ({
        user: { id: 1, name: `${ids}` },
        post: ids.map((id) => ({ id, n: id })),
      });
      for (const ids of [[1, 2], [2, 3], [3, 1], []]) await sink.load([tree(...ids)], plainContext);
      expect(await textsOf(connection, 'select name from "user"')).toEqual([[""]]);
      await sink.load(
        [tree(5), { user: { id: 2, name: "b" }, post: { id: 6, n: 1 } }],
        plainContext,
      );
      await duckdbSink(connection, { table: "post" }).load([tombstone({ id: 5 })], plainContext);
      expect(await textsOf(connection, "select id, user_id from post")).toEqual([["6", "2"]]);
    });
  });
}
