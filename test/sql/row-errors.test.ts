import { expect, it } from "vitest";
import { BatchError } from "../../src/errors.ts";
import {
  failureIn,
  inTable,
  notAnObject,
  unfitValue,
  withoutColumn,
  withoutProperties,
} from "../../src/sql/row-errors.ts";

it("errors of a row have its number last, so that dead letters are grouped by the rest", () => {
  const errors = [
    notAnObject([1], "id", 3),
    withoutColumn("nick", 3),
    unfitValue("x", "age", "a number", 3),
    withoutProperties("users", 3),
  ];
  for (const { message } of errors) expect(message).toMatch(/^Cannot load row as .*\(row 3\)$/);
  expect(errors[0]!.message).toContain('must be an object with the property "id"');
  expect(errors[1]!.message).toContain('property "nick" has no column');
  expect(errors[3]!.message).toContain("must have a property that is a column of users");
});

it.each([
  ["x", '"x"'],
  [7n, "7n"],
  [-0, "-0"],
  [NaN, "NaN"],
  [undefined, "undefined"],
  [new Date(0), "an instance of Date"],
])("a value that no column takes is shown in a few words: %o", (value, shown) => {
  expect(unfitValue(value, "age", "a number", 3).message).toBe(
    `Cannot load row as column "age" must be a number: current value is ${shown} (row 3)`,
  );
});

it("an error of a row of one table among several names it, and the row that it came with", () => {
  const { message } = inTable(unfitValue(NaN, "age", "a number", 3), "post", 1);
  expect(message).toBe(
    'Cannot load row of table "post" as column "age" must be a number: current value is NaN (row 1)',
  );
});

it("what failed in a table is the first of its rows, by name, or what else it was", () => {
  const failures = new Map([[2, unfitValue(NaN, "age", "a number", 2)], [5, new Error("later")]]);
  expect(failureIn(new BatchError(failures), "post")).toEqual(
    new TypeError(
      'Cannot load row of table "post" as column "age" must be a number: ' +
        "current value is NaN (row 2)",
    ),
  );
  const other = new Error("disk full");
  expect(failureIn(other, "post")).toBe(other);
});
