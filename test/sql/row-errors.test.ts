import { expect, it } from "vitest";
import { notAnObject, rowError, withoutColumn } from "../../src/sql/row-errors.ts";

it("errors of a row have its number last, so that dead letters are grouped by the rest", () => {
  const errors = [rowError("it is bad", 3), notAnObject([1], "id", 3), withoutColumn("nick", 3)];
  for (const { message } of errors) expect(message).toMatch(/^Cannot load row as .*\(row 3\)$/);
  expect(errors[1]!.message).toContain('must be an object with the property "id"');
  expect(errors[2]!.message).toContain('property "nick" has no column');
});
