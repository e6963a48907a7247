import { expect, it } from "vitest";
import { postgresSink, tombstone } from "../../../../src/adapters/postgres.ts";
import { etl } from "../../../../src/etl/etl.ts";
import type { Bench } from "../../../support/postgres/cases.ts";
import { family } from "./sender.cases.ts";

/** Defines the tests of what is told of rows. */
export function testPostgresCounts(bench: Bench): void {
  const { tested, all } = bench;

  it("counts by table what became of the rows, of loads that were committed", async () => {
    const { user, post, comment } = await family(bench);
    const { load } = postgresSink(tested().client, {
      conflict: "replace",
      tables: {
        [user]: {},
        [post]: { parent: { table: user, on: { user_id: "id" } }, missing: "delete" },
        [comment]: { parent: { table: post, on: { post_id: "id" } }, conflict: "ignore" },
      },
    });
    const postOf = (id: number) => ({ id, title: `${id}` });
    const trees = [
      { [user]: { id: 1, name: "a" }, [post]: [postOf(1), postOf(2)] },
      { [user]: { id: 2, name: "b" }, [post]: postOf(3), [comment]: { id: 1 } },
      { [user]: { id: 3, name: "c", age: 0 } }, // Too young.
      { [user]: { id: 2, name: "d" }, [post]: postOf(3), [comment]: { id: 1 } },
      { [user]: tombstone({ id: 1 }) },
    ];
    const options = { batchSize: 2, deadLetters: new WritableStream() };
    const report = await etl({ name: "trees", extract: () => trees, load }).run(options);
    expect(report.tables).toEqual({
      [user]: { written: 3, deleted: 1 },
      [post]: { written: 4, deleted: 2 },
    });
    expect(await all(post)).toHaveLength(1);
  });

  it.each(
    [
      ["error", { inserted: 2 }],
      ["ignore", { inserted: 2, unchanged: 1 }],
      ["replace", { written: 3 }],
    ] as const,
  )("counts rows of one table: %s", async (conflict, counts) => {
    const table = await bench.create("id int primary key, name text");
    await tested().run(`insert into ${table} values (1, 'a')`);
    const { load } = postgresSink(tested().client, { table, conflict });
    const rows = [{ id: 2, name: "b" }, { id: 3, name: "c" }];
    const extract = () => conflict === "error" ? rows : [{ id: 1, name: "z" }, ...rows];
    const report = await etl({ name: "rows", extract, load }).run({ batchSize: 9 });
    expect(report.tables).toEqual({ [table]: counts });
  });

  it("counts what a table with a trigger has taken, and what a function writes", async () => {
    const table = await bench.create("id int primary key, name text");
    await tested().run(`create function f_${table}() returns trigger language plpgsql as
      'begin if new.id = 2 then return null; end if; return new; end'`);
    await tested().run(`create trigger picks before insert on ${table}
      for each row execute function f_${table}()`);
    const sink = postgresSink(tested().client, {
      write: async (tx) => {
        await tx.insert(table, [{ id: 1 }, { id: 2 }]);
        await tx.insert(table, [{ id: 1, name: "a" }, { id: 3, name: "b" }], {
          conflict: "replace",
          key: ["id"],
        });
      },
    });
    const report = await etl({ name: "write", extract: () => [{}], load: sink.load }).run();
    expect(report.tables).toEqual({ [table]: { inserted: 1, written: 2 } });
  });
}
