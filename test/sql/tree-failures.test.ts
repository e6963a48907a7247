import { describe, expect, it } from "vitest";
import { rowError } from "../../src/sql/row-errors.ts";
import { batchError, noteAt, wrongKey } from "../../src/sql/tree-failures.ts";

const table = (name: string) => ({ name, parent: undefined, missing: undefined, children: [] });

describe("noteAt()", () => {
  it("keeps the first error of what came together, and names the table of several", () => {
    const failures = new Map<number, Error>();
    const linked = [table("a"), table("b")];
    noteAt(linked, failures, 1, 7, rowError("it is bad", 3));
    noteAt(linked, failures, 0, 7, rowError("it is worse", 4));
    expect([...failures].map(([place, { message }]) => [place, message]))
      .toEqual([[7, 'Cannot load row of table "b" as it is bad (row 7)']]);
    noteAt([table("a")], failures, 0, 2, rowError("it is bad", 2));
    expect(failures.get(2)!.message).toBe("Cannot load row as it is bad (row 2)");
    expect([...batchError(failures).failures.keys()]).toEqual([2, 7]);
  });
});

describe("wrongKey()", () => {
  it("takes the columns of the key in any order, each with a value", () => {
    expect(wrongKey(["a", "b"], { b: 0, a: "" }, 0)).toBeUndefined();
  });

  it.each<[string[], object, string]>([
    [[], { a: 1 }, "neither a primary key nor a 'key'"],
    [["a"], { a: 1, b: 2 }, '("a") and no others: "b" breaks this (row 5)'],
    [["a", "b"], { a: 1 }, '("a", "b") and no others: "b" breaks this (row 5)'],
    [
      ["a"],
      { a: null },
      'column "a" must be a value in a tombstone: current value is null (row 5)',
    ],
  ])("refuses for %j what is %j", (identity, key, words) => {
    expect(wrongKey(identity, key as Record<string, unknown>, 5)!.message).toContain(words);
  });
});
