import { describe, expect, it } from "vitest";
import {
  linkedTables,
  missingOption,
  parentLink,
  tablesObject,
} from "../../src/sql/linked-tables.ts";

const lower = (text: string) => text.toLowerCase();
const parent = { table: "user", on: { user_id: "id" } };

describe("linkedTables()", () => {
  it("gives parents and children by their places", () => {
    const tables = linkedTables("load", {
      user: { conflict: "error" },
      post: { conflict: "replace", parent: { ...parent, table: "USER" }, missing: "delete" },
    }, lower);
    expect(tables).toEqual([
      { name: "user", parent: undefined, missing: undefined, children: [1] },
      {
        ...{ name: "post", missing: "delete", children: [] },
        parent: { place: 0, on: [["user_id", "id"]] },
      },
    ]);
  });

  it.each([
    [{ post: { conflict: "error", parent } }, "'tables.post.parent.table' must be a table that is"],
    [{ user: { conflict: "error", parent } }, "'tables.user.parent.table' must be a table that is"],
    [
      { a: { conflict: "error" }, b: { conflict: "error" }, c: { conflict: "error", parent } },
      `is declared before this one ("a" or "b"): current value is "user"`,
    ],
    [
      { post: { conflict: "error", parent }, user: { conflict: "error" } },
      'is declared before this one (this is the first): current value is "user"',
    ],
    [
      { user: { conflict: "replace", missing: "delete" } },
      "'tables.user.missing' must be omitted without a 'parent'",
    ],
    [
      { user: { conflict: "error" }, post: { conflict: "ignore", parent, missing: "delete" } },
      "'tables.post.missing' must be omitted without",
    ],
    [
      { user: { conflict: "error" }, post: { conflict: "error", parent, columns: ["id"] } },
      `'tables.post.parent.on' must be some of its 'columns': current value is "user_id"`,
    ],
  ])("refuses %j", (tables, words) => {
    expect(() => linkedTables("load", tables as Parameters<typeof linkedTables>[1])).toThrow(words);
  });

  it("has rules for what is given", () => {
    expect([parent, { table: "a", on: {} }, { table: "", on: { a: "b" } }, { on: { a: "b" } }, {
      ...{ table: "a", on: { a: "" } },
    }, null].map(parentLink.test)).toEqual([true, false, false, false, false, false]);
    expect([{ a: {} }, {}, { a: 5 }, [{}], null].map(tablesObject.test))
      .toEqual([true, false, false, false, false]);
    expect(["delete", "keep"].map(missingOption.test)).toEqual([true, false]);
  });
});
