import { describe, expect, it } from "vitest";
import { linkedTables } from "../../src/sql/linked-tables.ts";
import { tombstone } from "../../src/sql/tombstone.ts";
import { takeApart } from "../../src/sql/tree-rows.ts";

const tables = linkedTables("load", {
  user: { conflict: "error" },
  post: { conflict: "error", parent: { table: "user", on: { user_id: "id" } } },
});

describe("takeApart()", () => {
  it("fills what rows have of their parent, or says from which it is to come", () => {
    const [one, two] = [{ id: 1 }, { name: "b" }];
    const { steps, failures } = takeApart(tables, [
      { user: { id: 7 }, post: [{ n: 1 }, { n: 2, user_id: 5 }] },
      { user: [one, two], post: [{ n: 3, user_id: one }, { n: 4, user_id: two }] },
      { post: { n: 5, user_id: 9 } },
    ]);
    expect(failures.size).toBe(0);
    expect(steps).toHaveLength(1);
    expect(steps[0]!.tables[1]).toEqual({
      rows: [
        { n: 1, user_id: 7 },
        { n: 2, user_id: 5 },
        { n: 3, user_id: 1 },
        { n: 4 },
        { n: 5, user_id: 9 },
      ],
      places: [0, 0, 1, 1, 2],
      parents: [-1, -1, -1, 2, -1],
    });
  });

  it("begins a step where a delete follows a row", () => {
    const batch = [{ user: tombstone({ id: 1 }) }, { post: tombstone({ id: 2 }) }, {
      user: { id: 1 },
    }, {
      user: tombstone({ id: 1 }),
    }];
    const { steps } = takeApart(tables, batch);
    const shown = steps.map(({ deletes, tables }) => [
      deletes.map((one) => one?.places ?? []),
      tables.map(({ places }) => places),
    ]);
    expect(shown).toEqual([[[[0], [1]], [[2], []]], [[[3], []], [[], []]]]);
  });

  it.each<[unknown, string]>([
    [5, `it must be an object with rows by table ("user", "post") (row 0)`],
    [{ other: {} }, `"other" is none of the tables "user", "post" (row 0)`],
    [{ user: 5 }, `table "user" must get an object, or an array of objects (row 0)`],
    [{ user: null }, `table "user" must get an object, or an array of objects (row 0)`],
    [{ post: {} }, `a row of "post" must have a value for "user_id"`],
    [
      { user: [{}, {}], post: {} },
      `itself as that value, where it comes with 2 rows of that table`,
    ],
  ])("tells what is wrong with %j, and takes nothing of it", (tree, words) => {
    const { steps, failures } = takeApart(tables, [tree]);
    expect(failures.get(0)!.message).toContain(words);
    expect(steps.every(({ tables }) => tables.every(({ rows }) => rows.length === 0))).toBe(true);
  });

  it("takes missing, undefined and empty tables for no rows", () => {
    const { steps, failures } = takeApart(tables, [{}, {
      user: undefined,
      post: [],
      x: undefined,
    }]);
    expect([failures.size, steps[0]!.tables.map(({ rows }) => rows)]).toEqual([0, [[], []]]);
  });
});
