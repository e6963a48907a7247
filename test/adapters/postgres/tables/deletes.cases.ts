import { expect, it } from "vitest";
import { postgresSink, tombstone } from "../../../../src/adapters/postgres.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";
import { family, linked } from "./sender.cases.ts";

/** Defines the tests of rows that are deleted. */
export function testPostgresDeletes(bench: Bench): void {
  const { tested, create, all, sink } = bench;
  const idsOf = async (table: string) => (await all(table)).map(({ id }) => id);

  it("deletes the rows of a parent that are not given again, with all below", async () => {
    const tables = await family(bench);
    const { user, post, comment } = tables;
    const { load } = postgresSink(
      tested().client,
      linked(tables, { conflict: "replace" }, { missing: "delete" }),
    );
    const tree = (id: number, ...posts: [number, ...number[]][]) => ({
      [user]: { id, name: "n" },
      [post]: posts.map(([id]) => ({ id, title: "t" })),
      [comment]: posts.flatMap(([post_id, ...ids]) => ids.map((id) => ({ id, post_id }))),
    });
    await load([tree(1, [1, 1, 2], [2, 3]), tree(2, [3, 4])], contextOf());
    await load([tree(1, [1, 2], [4])], contextOf());
    expect([await idsOf(post), await idsOf(comment)]).toEqual([[1, 3, 4], [2, 4]]);
    await load([tree(2), tree(1, [1, 5]), tree(2, [5], [6]), tree(2, [6, 6])], contextOf());
    expect([await idsOf(post), await idsOf(comment)]).toEqual([[1, 6], [5, 6]]);
    await load([{ [user]: [{ id: 1, name: "n" }, { id: 2, name: "n" }] }], contextOf());
    expect([await idsOf(user), await idsOf(post), await idsOf(comment)]).toEqual([[1, 2], [], []]);
  });

  it("replaces the rows of a parent as a whole where they have no key", async () => {
    const user = await create("id int primary key");
    const tag = await create("user_id int, tag text");
    const { load } = postgresSink(tested().client, {
      conflict: "replace",
      tables: {
        [user]: {},
        [tag]: { parent: { table: user, on: { user_id: "id" } }, missing: "delete" },
      },
    });
    const tree = (id: number, ...tags: string[]) => ({
      [user]: { id },
      [tag]: tags.map((tag) => ({ tag })),
    });
    await load([tree(1, "a", "b", "a"), tree(2, "c")], contextOf());
    await load([tree(1, "d"), tree(1, "a", "a")], contextOf());
    expect(await tested().run(`select * from ${tag} order by 1, 2`)).toEqual([
      { user_id: 1, tag: "a" },
      { user_id: 1, tag: "a" },
      { user_id: 2, tag: "c" },
    ]);
  });

  it("deletes by tombstones in the order of the batch, with all below", async () => {
    const tables = await family(bench);
    const { user, post, comment } = tables;
    const { load } = postgresSink(tested().client, linked(tables, { conflict: "replace" }));
    const tree = (id: number, name = "n") => ({
      [user]: { id, name },
      [post]: { id, title: "t" },
      [comment]: { id, body: "b" },
    });
    await load([tree(1), tree(2), tree(3)], contextOf());
    await load([
      { [user]: tombstone({ id: 1 }) },
      tree(4),
      { [user]: tombstone({ id: 4 }), [post]: tombstone({ id: 2 }) },
      { [user]: { id: 4, name: "again" } },
      { [comment]: [tombstone({ id: 3 }), tombstone({ id: 99 })] },
    ], contextOf());
    expect((await all(user)).map(({ id, name }) => [id, name]))
      .toEqual([[2, "n"], [3, "n"], [4, "again"]]);
    expect([await idsOf(post), await idsOf(comment)]).toEqual([[3], []]);
    const wrong = load([tree(5), { [user]: tombstone({ name: "n" }) }], contextOf());
    await expect(wrong).rejects.toThrow(
      `of "${user}" as a tombstone must have exactly the key ("id")`,
    );
  });

  it.each(["error", "replace", "ignore"] as const)(
    "takes tombstones for one table: %s",
    async (conflict) => {
      const table = await create("id int primary key, v text");
      const { load } = sink({ table, conflict });
      await load([{ id: 1, v: "a" }, { id: 2, v: "a" }], contextOf());
      await load(
        [tombstone({ id: 1 }), { id: 1, v: "b" }, tombstone({ id: 2 }), { id: 3, v: "b" }],
        contextOf(),
      );
      expect(await all(table)).toEqual([{ id: 1, v: "b" }, { id: 3, v: "b" }]);
    },
  );
}
