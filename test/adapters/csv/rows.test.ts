import { describe, expect, it } from "vitest";
import { z } from "zod";
import { arrayMaker, objectMaker } from "../../../src/adapters/csv/rows.ts";

const plain = { empty: "", ragged: "error" } as const;

describe("objectMaker", () => {
  it("makes objects of their own, of the fields that count", () => {
    const make = objectMaker(["a", "b"], plain);
    const fields = ["1", "2", "left over"];
    const first = make(fields, 2);
    fields[0] = "3";
    expect([first, make(fields, 2)]).toEqual([{ a: "1", b: "2" }, { a: "3", b: "2" }]);
  });

  it("refuses another number of fields", () => {
    const make = objectMaker(["a", "b"], plain);
    expect(() => make(["1"], 1)).toThrow("a record of 1 field, where the header has 2");
    expect(() => make(["1", "2", ""], 3)).toThrow("a record of 3 fields, where the header has 2");
  });

  it("pads, with what an empty field is", () => {
    const make = objectMaker(["a", "b", "c"], {
      empty: null,
      ragged: "pad",
      columns: { b: "number?" },
    });
    expect(make(["1", "left", "over"], 1)).toEqual({ a: "1", b: null, c: null });
    expect(make(["1", "2", "3", "", null], 5)).toEqual({ a: "1", b: 2, c: "3" });
    expect(() => make(["1", "2", "3", "", "4"], 5)).toThrow("a record of 5 fields");
  });

  it("gives what a schema makes of a row, and says why one breaks it", () => {
    const schema = z.object({ id: z.number().min(5), name: z.string().toUpperCase() });
    const make = objectMaker(["id", "name"], { ...plain, columns: { id: "number" }, schema });
    expect(make(["7", "ada"], 2)).toEqual({ id: 7, name: "ADA" });
    let error: unknown;
    try {
      make(["1", "x"], 2);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      message: "a record that breaks its schema: id: Too small: expected number to be >=5",
      cause: { issues: [{ path: ["id"] }] },
    });
  });

  it("refuses a schema that answers later", () => {
    const schema = z.object({ id: z.string().refine(async () => true) });
    const make = objectMaker(["id"], { ...plain, schema });
    expect(() => make(["1"], 1)).toThrow(
      "Cannot read CSV as 'schema' must be a schema without async checks: current value is",
    );
  });
});

describe("arrayMaker", () => {
  it("makes arrays of the fields", () => {
    expect(arrayMaker(plain)(["1", null, "left over"], 2)).toEqual(["1", null]);
  });
});
