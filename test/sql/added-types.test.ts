import { describe, expect, it } from "vitest";
import { addedType } from "../../src/sql/added-types.ts";

const types = {
  ...{ integer: "int", float: "double", numeric: "numeric", boolean: "bool", text: "text" },
  ...{ time: "time", bytes: "bytes", json: "json" },
};

function typeOf(...values: unknown[]): [string, ...number[]] {
  const refused: number[] = [];
  const rows = values.map((a) => ({ a }));
  const type = addedType(types, [{}, ...rows], "a", (_, row) => void refused.push(row - 1));
  return [type, ...refused];
}

describe("the type of a column that is added", () => {
  it.each<[string, unknown]>([
    ["int", 1],
    ["double", 0.5],
    ["double", 2 ** 60],
    ["numeric", 1n],
    ["bool", false],
    ["text", "a"],
    ["time", new Date(0)],
    ["bytes", new Uint8Array()],
    ["json", [1]],
    ["json", {}],
    ["text", null],
  ])("is %s for a value of its kind", (type, value) => expect(typeOf(null, value)).toEqual([type]));

  it("is that of the widest number", () => {
    expect(typeOf(1, 0.5, 2)).toEqual(["double"]);
    expect(typeOf(1, 0.5, 2n)).toEqual(["numeric"]);
  });

  it("is that of the first value, and refuses others", () => {
    expect(typeOf(null, "a", 1, "b", true)).toEqual(["text", 2, 4]);
    expect(typeOf(true, 0)).toEqual(["bool", 1]);
  });

  it("names the row that is refused", () => {
    let told: unknown;
    addedType(types, [{ a: 1 }, { a: "x" }], "a", (error) => void (told = error.message));
    expect(told).toBe(
      'Cannot add column "a": the values of the batch need another type than int, which the first ' +
        "of them has (row 1)",
    );
  });
});
