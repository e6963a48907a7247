import { describe, expect, it } from "vitest";
import { foldCase, name, names } from "../../../src/sql/sqlite/names.ts";

describe("names of tables and columns", () => {
  it.each([["", false], ["a\0", false], ["\ud800", false], [7, false], ['a"b', true], ["Ä", true]])(
    "%j is one: %o",
    (given, isName) => expect(name.test(given)).toBe(isName),
  );

  it("are distinct if they differ in more than the case of ASCII letters", () => {
    expect([["a", "b"], ["ä", "Ä"]].every(names.test)).toBe(true);
    expect([["id", "ID"], ["a", ""], [], "id"].some(names.test)).toBe(false);
    expect(foldCase("AÄZ")).toBe("aÄz");
  });
});
