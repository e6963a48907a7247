import { expect, it } from "vitest";
import { isRow } from "../../src/sql/row.ts";

it("isRow() is true for any object with columns, and false for lists and plain values", () => {
  class User {}
  expect([{}, new User(), Object.create(null)].every(isRow)).toBe(true);
  expect([[], null, undefined, "row", 5, () => {}].some(isRow)).toBe(false);
});
