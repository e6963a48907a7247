import { describe, expect, it } from "vitest";
import { withoutEnd } from "../../src/sql/statement.ts";

describe("withoutEnd()", () => {
  it.each([
    ["select 1", "select 1"],
    ["select 1;", "select 1"],
    ["select 1 ;\n ; \t", "select 1"],
    ["select ';' as a", "select ';' as a"],
    [" ; ", ""],
    ["", ""],
  ])("removes semicolons and blanks from the end of %j", (sql, expected) => {
    expect(withoutEnd(sql)).toBe(expected);
  });

  it("takes no longer for millions of blanks within a statement", () => {
    // As many steps as blanks; with their square it would take days.
    const sql = `select${" ".repeat(2_000_000)}1`;
    expect(withoutEnd(`${sql};`)).toBe(sql);
  });
});
