import { expect, it } from "vitest";
import { many, skip, wholeBatch } from "../../src/index.ts";
import { isMany, manyMark } from "../../src/streams/many-mark.ts";

it("the mark is the same symbol in every copy of the package", () => {
  expect(manyMark).toBe(Symbol.for("millrace.many"));
});

it("tells rows in the place of one from rows", () => {
  expect([many([]), wholeBatch([1])].map(isMany)).toEqual([true, true]);
  const rows = [undefined, null, 0, "", skip, {}, [], { then: 1 }, { then: () => {} }];
  expect(rows.map(isMany)).toEqual(rows.map(() => false));
});
