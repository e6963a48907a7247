import { expect, it } from "vitest";
import { nonEmptyString } from "../../src/options.ts";
import { distinctNames } from "../../src/sql/distinct-names.ts";

it("distinctNames() accepts names that the database tells apart", () => {
  const rule = distinctNames(nonEmptyString, (name) => name.toLowerCase());
  expect([["a"], ["a", "b"]].every(rule.test)).toBe(true);
  expect([["a", "A"], [], [""], "a", undefined, ["a", 1]].some(rule.test)).toBe(false);
  expect(distinctNames(nonEmptyString, (name) => name).test(["a", "A"])).toBe(true);
});
