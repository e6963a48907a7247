import { expect, it } from "vitest";
import { quoteName, quoteNames } from "../../src/sql/names.ts";

it("names in SQL are quoted so that any character is only itself", () => {
  expect(quoteName('a"; drop table t; --')).toBe('"a""; drop table t; --"');
  expect(quoteNames(["a", "b"])).toBe('"a", "b"');
});
