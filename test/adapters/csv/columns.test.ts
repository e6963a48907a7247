import { describe, expect, it } from "vitest";
import { conversionOf, type CsvColumn, isColumn } from "../../../src/adapters/csv/columns.ts";

/** What a type makes of some texts; "-" stands for a refusal. */
function made(column: CsvColumn, ...texts: (string | null)[]): unknown[] {
  const convert = conversionOf("x", column);
  return texts.map((text) => {
    try {
      return convert(text);
    } catch {
      return "-";
    }
  });
}

describe("conversionOf", () => {
  it("reads numbers, and refuses what only JavaScript takes for one", () => {
    expect(made("number", "1", "-1.5e3", " 2 ", "+3", ".5", "1e300", "9007199254740991"))
      .toEqual([1, -1500, 2, 3, 0.5, 1e300, 9007199254740991]);
    expect(
      new Set(
        made(
          "number",
          "",
          null,
          " ",
          "x",
          "1,5",
          "0x10",
          "0B1",
          " 0o7",
          "NaN",
          "Infinity",
          "1_0",
          "1 2",
        ),
      ),
    )
      .toEqual(new Set(["-"]));
  });

  it("refuses an integer that a number cannot hold, which bigint can", () => {
    expect(made("number", "9007199254740993", "-9007199254740993")).toEqual(["-", "-"]);
    expect(made("bigint", "9007199254740993", "-1", "+2", "1.0", "")).toEqual(
      [9007199254740993n, -1n, 2n, "-", "-"],
    );
  });

  it("reads booleans in any case", () => {
    expect(made("boolean", "TRUE", "t", "Yes", "1", "false", "F", "no", "0", "2", "")).toEqual(
      [true, true, true, true, false, false, false, false, "-", "-"],
    );
  });

  it("reads dates by ISO 8601, in UTC where they name no zone", () => {
    const dates = made(
      "date",
      "2026-01-31",
      "2026-01-31T10:20",
      "2026-01-31 10:20:30.123456",
      "2026-01-31 10:20:30+02",
      "2026-01-31T10:20:30,5-0130",
      "2026-01-31T10:20:30Z",
      "2026-01-31 10:20:30.007",
      "0001-01-01T00:00:00Z",
    );
    expect(dates.map((date) => (date as Date).toISOString())).toEqual([
      "2026-01-31T00:00:00.000Z",
      "2026-01-31T10:20:00.000Z",
      "2026-01-31T10:20:30.123Z",
      "2026-01-31T08:20:30.000Z",
      "2026-01-31T11:50:30.500Z",
      "2026-01-31T10:20:30.000Z",
      "2026-01-31T10:20:30.007Z",
      "0001-01-01T00:00:00.000Z",
    ]);
    expect(
      made(
        "date",
        "2026-02-30",
        "2026-13-01",
        "31.01.2026",
        "1",
        "",
        "2026-01-31T25:00",
        "2026-00-01",
        "2026-01-31T10:20:61",
        "2026-01-32",
      ),
    )
      .toEqual(Array(9).fill("-"));
  });

  it("reads JSON, also null", () => {
    expect(made("json", '{"a":[1]}', "null", "x", "")).toEqual([{ a: [1] }, null, "-", "-"]);
  });

  it("takes an empty field as null where the type has a ?", () => {
    expect(made("number?", "", null, "1", "x")).toEqual([null, null, 1, "-"]);
    expect(made("string?", "", null)).toEqual(["", null]);
    expect(made("string", "", null)).toEqual(["", ""]);
  });

  it("calls a function with the text, and names the column of one that throws", () => {
    expect(made((text) => text.length, "abc", null)).toEqual([3, 0]);
    const reason = new Error("no");
    const convert = conversionOf("x", () => {
      throw reason;
    });
    expect(() => convert("a")).toThrow(
      expect.objectContaining({ message: "'x' as its function failed", cause: reason }),
    );
  });

  it("names what it refuses", () => {
    expect(() => conversionOf("age", "number")("x".repeat(99))).toThrow(
      `'age' as it must be a number: current value is "${"x".repeat(60)}…"`,
    );
  });
});

describe("isColumn", () => {
  it("tells a type from anything else", () => {
    const values = ["date", "date?", String, "text", "toString", "date??", 1, null];
    expect(values.map(isColumn)).toEqual([true, true, true, false, false, false, false, false]);
  });
});
