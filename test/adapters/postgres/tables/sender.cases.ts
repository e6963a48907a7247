import { expect, it } from "vitest";
import { postgresSink } from "../../../../src/adapters/postgres.ts";
import { etl } from "../../../../src/etl/etl.ts";
import { type BatchError, ConfigurationError } from "../../../../src/errors.ts";
import type { DeadLetter } from "../../../../src/dead-letters/dead-letter.ts";
import { clients } from "../../../support/postgres/clients.ts";
import { proxyTo } from "../../../support/postgres/proxy.ts";
import { type Bench, contextOf } from "../../../support/postgres/cases.ts";

/** Names of tables that hang together. */
export interface Family {
  readonly user: string;
  readonly post: string;
  readonly comment: string;
}

/** Makes tables of users, their posts and the comments on these. */
export async function family({ create }: Bench, id = "int primary key"): Promise<Family> {
  const user = await create(
    `id ${id}, name text not null, age int check (age > 0), email text unique`,
  );
  const type = id.startsWith("uuid") ? "uuid" : "int";
  const post = await create(
    `id ${id}, user_id ${type} not null references ${user}, title varchar(5)`,
  );
  const comment = await create(`id ${id}, post_id ${type} not null references ${post}, body text`);
  return { user, post, comment };
}

/** Options of a sink for such tables. */
export function linked<const Options extends object>(
  { user, post, comment }: Family,
  options: Options,
  child: { readonly missing?: "delete" } = {},
) {
  return {
    ...options,
    tables: {
      [user]: {},
      [post]: { parent: { table: user, on: { user_id: "id" } }, ...child },
      [comment]: { parent: { table: post, on: { post_id: "id" } }, ...child },
    },
  };
}

/** Defines the tests of several tables in one commit. */
export function testPostgresFamilies(bench: Bench): void {
  const { tested, all } = bench;

  it("writes rows of several tables with their mark in one commit", async () => {
    const tables = await family(bench);
    const { user, post, comment } = tables;
    const sink = postgresSink(tested().client, linked(tables, {}));
    const trees = Array.from({ length: 7 }, (_, id) => ({
      [user]: { id, name: `n${id}` },
      [post]: [{ id: id * 2, title: "a" }, { id: id * 2 + 1, user_id: id, title: null }],
      [comment]: id === 0 ? undefined : [{ id, post_id: id * 2, body: "hi" }],
    }));
    const pipeline = etl({ name: `trees ${user}`, extract: () => trees, load: sink.load });
    const report = await pipeline.run({ batchSize: 3, checkpoints: sink.checkpoints });
    expect(report).toMatchObject({ extracted: 7, loaded: 7, batches: 3 });
    await pipeline.run({ checkpoints: sink.checkpoints });
    expect(await all(user)).toHaveLength(7);
    expect((await all(post)).map(({ user_id }) => user_id)).toEqual(
      Array.from({ length: 14 }, (_, n) => Math.floor(n / 2)),
    );
    expect((await all(comment)).map(({ post_id }) => post_id)).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it("refuses rows of all tables together, by the place of what they were given in", async () => {
    const tables = await family(bench);
    const { user, post, comment } = tables;
    const { load } = postgresSink(tested().client, linked(tables, {}));
    const error = await load([
      { [user]: { id: 1, name: "a" } },
      { [user]: { id: 2, name: "b" }, [post]: [{ id: 1, title: "x" }, { id: 2, title: 5 }] },
      { [user]: { id: true, name: "c" } },
      { [comment]: { id: 1, body: "no parent" } },
      { nothing: {} },
    ], contextOf()).catch((error: unknown) => error as BatchError);
    const told = [...(error as BatchError).failures].map((
      [place, error],
    ) => [place, String(error)]);
    expect(told).toEqual([
      [1, expect.stringMatching(`row of "${post}" .*"title".*row 1`)],
      [2, expect.stringMatching(`row of "${user}" .*"id".*row 2`)],
      [3, expect.stringMatching(`row.*"${comment}".*"post_id".*row 3`)],
      [4, expect.stringMatching(`"nothing" is none of the tables.*row 4`)],
    ]);
    expect(await all(user)).toEqual([]);
  });

  it("has the database name the bad rows of all tables together", async () => {
    const tables = await family(bench);
    const { user, post } = tables;
    const { load } = postgresSink(tested().client, linked(tables, {}));
    const user1 = (id: number, more = {}) => ({ [user]: { id, name: "n", ...more } });
    const error = await load([
      user1(1),
      user1(2, { name: null }),
      { ...user1(3), [post]: { id: 1, title: "too long" } },
      user1(4, { age: -1 }),
    ], contextOf()).catch((error: unknown) => error as BatchError);
    expect([...(error as BatchError).failures].map(([place, error]) => [place, String(error)]))
      .toEqual([
        [1, expect.stringMatching(`row of "${user}" .*"name"`)],
        [2, expect.stringMatching(`row of "${post}" .*"title"`)],
        [3, expect.stringMatching(`row of "${user}".*check`)],
      ]);
    expect(await all(user)).toEqual([]);
  });

  it("keeps what a row deep in a tree breaks to its own item", async () => {
    const tables = await family(bench);
    const { user, post, comment } = tables;
    const { load } = postgresSink(tested().client, linked(tables, {}));
    const trees = Array.from({ length: 8 }, (_, id) => ({
      [user]: { id, name: "n" },
      [post]: { id, title: "t" },
      [comment]: { id, post_id: id === 5 ? 99 : id, body: "b" }, // There is no such post.
    }));
    const letters: DeadLetter[] = [];
    const deadLetters = new WritableStream<DeadLetter>({
      write: (letter) => void letters.push(letter),
    });
    const report = await etl({ name: "poison", extract: () => trees, load })
      .run({ batchSize: 8, deadLetters });
    expect(report).toMatchObject({ loaded: 7, deadLettered: 1 });
    expect(letters.map(({ offset }) => offset)).toEqual([5]);
    expect((await all(comment)).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 6, 7]);
    expect(await all(user)).toHaveLength(7);
  });

  it("refuses a missing table or column before anything is loaded", async () => {
    const tables = await family(bench);
    const missing = postgresSink(tested().client, linked({ ...tables, comment: "none" }, {}));
    await expect(missing.load([{ [tables.user]: { id: 1, name: "n" } }], contextOf()))
      .rejects.toBeInstanceOf(ConfigurationError);
    const { load } = postgresSink(tested().client, {
      tables: {
        [tables.user]: {},
        [tables.post]: { parent: { table: tables.user, on: { owner: "id" } } },
      },
    });
    await expect(load([{ [tables.user]: { id: 1, name: "n" } }], contextOf()))
      .rejects.toThrow(/parent\.on.*owner/);
    expect(await all(tables.user)).toEqual([]);
  });

  it("replaces and ignores by the option of each table", async () => {
    const tables = await family(bench);
    const { user, post, comment } = tables;
    const { load } = postgresSink(tested().client, {
      conflict: "replace",
      tables: {
        [user]: {},
        [post]: { parent: { table: user, on: { user_id: "id" } }, conflict: "ignore" },
        [comment]: { parent: { table: post, on: { post_id: "id" } } },
      },
    });
    const tree = (v: string) => ({
      [user]: { id: 1, name: v },
      [post]: { id: 1, title: v },
      [comment]: { id: 1, body: v },
    });
    await load([tree("a"), tree("b")], contextOf());
    await load([tree("c")], contextOf());
    expect(await all(user)).toMatchObject([{ name: "c" }]);
    expect(await all(post)).toMatchObject([{ title: "a" }]);
    expect(await all(comment)).toMatchObject([{ body: "c" }]);
  });
}

/** Defines the test of a commit that came through, but whose answer is lost. */
export function testPostgresLostTrees(bench: Bench, name: string): void {
  it.runIf(name !== "pg Client").each([4, 8, 10])(
    "writes no tree twice if an answer is lost: %i",
    async (cut) => {
      const { server, all } = bench;
      const { user, post, comment } = await family(bench, "serial primary key");
      const proxy = await proxyTo(server().url);
      const { client, close } = await clients[name]!(proxy.url);
      let isCut = false;
      const load = postgresSink(client, linked({ user, post, comment }, {}));
      const trees = Array.from({ length: 4 }, (_, n) => ({
        [user]: { name: `${n}` },
        [post]: { title: `${n}` },
        [comment]: { body: `${n}` },
      }));
      const transform = (tree: (typeof trees)[number]) => {
        if (!isCut) proxy.cutAnswer(cut);
        isCut = true;
        return tree;
      };
      const pipeline = etl({
        name: `lost ${user}`,
        extract: () => trees,
        transform,
        load: load.load,
      });
      const options = { batchSize: 2, checkpoints: load.checkpoints };
      await pipeline.run(options).catch(() => {});
      await pipeline.run(options);
      const names = ["0", "1", "2", "3"];
      expect((await all(user)).map(({ name }) => name).sort()).toEqual(names);
      expect((await all(comment)).map(({ body }) => body).sort()).toEqual(names);
      await close().catch(() => {});
      await proxy.close();
    },
  );
}
