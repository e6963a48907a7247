import fc from "fast-check";
import { expect, it } from "vitest";
import type { DatabaseKind, TestDatabase } from "../../support/cloudflare/databases.ts";
import { Model, moves, rowOf, tables, type Tree, tree } from "../../support/sinks/user-trees.ts";
import { seeded } from "../../support/streams/schedules.ts";

const schema = [
  "create table user (id integer primary key, name text)",
  `create table post (id integer primary key, user_id integer not null references user,
    title text)`,
  "create table tag (post_id integer not null references post, tag text)",
  `create table comment (id integer primary key, post_id integer not null references post,
    body text)`,
  `create table note (id integer primary key, user_id integer not null references user,
    note text)`,
];
const names = Object.keys(tables);

async function contentsOf(db: TestDatabase): Promise<string[]> {
  const contents: string[] = [];
  for (const name of names) {
    const rows = await db.all(`select * from ${name}`);
    contents.push(...rows.map((row) => [name, ...Object.values(row)].join(" ")));
  }
  return contents.sort();
}

/** Random rows that hang together leave what they would one after the other. */
export function testCloudflareSpans({ open, inside }: DatabaseKind): void {
  it(
    "several tables hold what random rows one after the other make",
    inside(async () => {
      const db = await open();
      await db.all(...schema);
      const holds = async ([trees, batchSize]: [Tree[], number]) => {
        await db.all(...names.toReversed().map((name) => `delete from ${name}`));
        const { load } = db.sink({ tables } as never);
        const model = new Model();
        for (let n = 0; n < trees.length; n += batchSize) {
          const batch = trees.slice(n, n + batchSize);
          await load(batch.map(rowOf), { runId: "one", batch: { attempt: 1 } });
          for (const tree of batch) model.apply(tree);
        }
        expect(await contentsOf(db)).toEqual(model.contents());
      };
      // Rows that are whole: one that moves away from a parent which is gone later comes anew.
      const whole = tree.map((tree) => ({ ...tree, name: tree.name === "c" ? "b" : tree.name }));
      const input = fc.tuple(
        ...[fc.array(whole, { maxLength: 12 }), fc.integer({ min: 2, max: 8 })] as const,
      );
      const examples = moves.map(([trees]): [[Tree[], number]] => [[trees, 3]]);
      await fc.assert(fc.asyncProperty(input, holds), {
        ...{ seed: seeded.seed!, numRuns: 12, examples },
      });
    }),
  );

  it(
    "several tables hold the children of the last time, however the number of a parent is given",
    inside(async () => {
      const db = await open();
      await db.all(...schema);
      const { load } = db.sink({ tables: { user: tables.user, post: tables.post } } as never);
      const user = (id: unknown, post: object[]) => ({ user: { id, name: "a" }, post });
      const rows = [
        user(1, [{ id: 1, title: "a" }]),
        user("1.0", [{ id: 2, title: "b" }]),
      ];
      await load(rows as never, { runId: "one", batch: { attempt: 1 } });
      expect(await db.all("select id, user_id from post")).toEqual([{ id: 2, user_id: 1 }]);
    }),
  );
}
