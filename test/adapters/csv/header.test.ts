import { describe, expect, it } from "vitest";
import { doubleOf, isNames, namesOf } from "../../../src/adapters/csv/header.ts";

describe("namesOf", () => {
  it("gives the names that were found, or what a function makes of them", () => {
    expect(namesOf(["a", "b"], true)).toEqual(["a", "b"]);
    expect(namesOf(["a", "a"], (names) => names.map((name, at) => name + at))).toEqual([
      "a0",
      "a1",
    ]);
  });

  it("tells what is wrong", () => {
    expect(namesOf(["a", "", ""], true)).toMatch(/it names '' twice/);
    expect(namesOf(["a"], () => [])).toMatch(/must give 1 names/);
    expect(namesOf(["a"], true, { b: "date", c: "json" })).toMatch(
      /it lacks 'b', 'c' of the columns/,
    );
  });
});

describe("isNames and doubleOf", () => {
  it("tell what a list of names is", () => {
    expect([["a"], [], [1], "a", null].map(isNames)).toEqual([true, true, false, false, false]);
    expect(doubleOf(["a", "b", "a", "b"])).toBe("a");
    expect(doubleOf(["a", "b"])).toBeUndefined();
  });
});
