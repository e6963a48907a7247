import { describe, expect, it } from "vitest";
import { gives, isRow, UnknownProperties } from "../../src/sql/rows.ts";

describe("isRow()", () => {
  it.each([[{}, true], [new Date(), true], [Object.create(null), true]])(
    "takes %o",
    (row, is) => expect(isRow(row)).toBe(is),
  );
  it.each([[[]], [null], [undefined], [1], ["x"], [() => 1]])(
    "refuses %o",
    (row) => expect(isRow(row)).toBe(false),
  );
});

describe("gives()", () => {
  it("knows no property that is undefined, or that all objects have", () => {
    expect(gives({ id: null }, "id")).toBe(true);
    expect(gives({ id: undefined }, "id")).toBe(false);
    expect(gives({}, "id")).toBe(false);
    expect(gives({}, "constructor")).toBe(false);
    expect(gives({ constructor: 1 }, "constructor")).toBe(true);
    expect(gives(Object.create({ id: 1 }), "id")).toBe(true); // A getter of a class, for one.
  });
});

describe("UnknownProperties", () => {
  it("refuses the first that no column takes", () => {
    const others = new UnknownProperties(["id"], "error");
    expect(others.look({ id: 1, more: undefined }, 0)).toBeUndefined();
    expect(others.look({ id: 1, more: null, most: 1 }, 4)).toEqual(
      new TypeError(
        'Cannot load row as property "more" has no column: add it to the table and to ' +
          `'columns', leave it out, or let 'unknown' be "drop" (row 4)`,
      ),
    );
    expect(others.counts).toEqual({});
  });

  it("counts all of them where they are left out, whatever they are called", () => {
    const others = new UnknownProperties(["id"], "drop");
    others.look(JSON.parse('{ "id": 1, "more": 1, "__proto__": 2 }'), 0);
    others.look({ more: null }, 1);
    expect(Object.entries(others.counts)).toEqual([["more", 2], ["__proto__", 1]]);
  });
});
