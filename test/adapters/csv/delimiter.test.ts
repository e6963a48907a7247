import { describe, expect, it } from "vitest";
import { readCsv } from "../../../src/adapters/csv.ts";
import { delimiterOf } from "../../../src/adapters/csv/delimiter.ts";
import { rowsOf } from "../../support/csv/read.ts";

const dialect = { delimiter: "", empty: "" as const, maxBytes: Infinity };

describe("a delimiter", () => {
  it.each([
    ["a;b\n1,5;2\n", ["a", "b"]],
    ["a\tb\n1\t2\n", ["a", "b"]],
    ["a|b\n1|2\n", ["a", "b"]],
    ["1,5;2\n3;4\n", ["1,5", "2"]],
    ["a b\n", ["a b"]],
    ['"a;b",c\n1,2\n', ["a;b", "c"]],
    ["sep=;\na,b;c\n", ["a,b", "c"]],
  ])("is found in %j", async (text, header) => {
    const [first] = await rowsOf(readCsv([text], { header: false }));
    expect(first).toEqual(header);
  });
});

describe("delimiterOf", () => {
  it("waits for no more than the header, where this has one candidate only", () => {
    expect(delimiterOf(dialect, "a;b", false)).toBeUndefined();
    expect(delimiterOf(dialect, "a;b\r", false)).toBeUndefined();
    expect(delimiterOf(dialect, "a;b\n", false)).toBe(";");
    expect(delimiterOf(dialect, "a;b", true)).toBe(";");
  });

  it("waits for ten records, 64 KiB or the end, where the header has several", () => {
    const line = "1,5;2,5\n";
    expect(delimiterOf(dialect, "a,b;c\n" + line.repeat(8), false)).toBeUndefined();
    expect(delimiterOf(dialect, "a,b;c\n" + line.repeat(9), false)).toBe(";");
    expect(delimiterOf(dialect, "a,b;c\n" + line.repeat(3), true)).toBe(";");
    expect(delimiterOf(dialect, `a,b;c\n1;2\n3;"${"x".repeat(65_536)}`, false)).toBe(";");
  });

  it("prefers the one by which there are as many fields as names", () => {
    expect(delimiterOf(dialect, "1,2;3,4;5,6\n1,2;3,4;5,6\n", true, 3)).toBe(";");
    expect(delimiterOf(dialect, "1,2;3,4;5,6\n1,2;3,4;5,6\n", true, 4)).toBe(",");
  });
});
