import { describe, expect, it } from "vitest";
import { fieldWriter } from "../../../src/adapters/csv/fields.ts";

const write = fieldWriter({ delimiter: ",", formulas: "escape" });
const writePlainly = fieldWriter({ delimiter: "||", formulas: "allow" });

describe("fieldWriter", () => {
  it.each<[unknown, string]>([
    ["a b", "a b"],
    ["", '""'],
    [null, ""],
    [undefined, ""],
    ["a,b", '"a,b"'],
    ['a"b', '"a""b"'],
    ["a\nb", '"a\nb"'],
    ["a\rb", '"a\rb"'],
    ["\uFEFFa", '"\uFEFFa"'],
    [-1.5, "-1.5"],
    [1e21, "1e+21"],
    [-(2n ** 70n), "-1180591620717411303424"],
    [true, "true"],
    [new Date("2026-01-31T10:20:30.5Z"), "2026-01-31T10:20:30.500Z"],
    [Uint8Array.of(104, 105), "aGk="],
    [[1, "x"], '"[1,""x""]"'],
    [{ a: null }, '"{""a"":null}"'],
    [{ toJSON: () => undefined }, ""],
  ])(
    "writes value %# as it is read",
    (value, expected) => expect(write(value, "x")).toBe(expected),
  );

  it.each(["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "＝1", "-1+2", "+"])(
    "puts a ' before %j, which a spreadsheet would compute",
    (text) => {
      expect(write(text, "x")).toBe(`'${text}`);
      expect(writePlainly(text, "x")).toBe(text);
    },
  );

  it.each(["-5", "+49", "-0.5", "'=1", "a=1"])("leaves %j as it is", (text) => {
    expect(write(text, "x")).toBe(text);
  });

  it("quotes a formula that needs it, too", () => {
    expect(write('=A1&","', "x")).toBe('"\'=A1&"","""');
    expect(write("\r=1", "x")).toBe('"\'\r=1"');
  });

  it("quotes a delimiter of its own, of any characters", () => {
    expect(writePlainly("a|", "x")).toBe('"a|"');
    expect(writePlainly("a||b", "x")).toBe('"a||b"');
    for (const delimiter of ["\t", ";", ".", "^", "\\", "]", "-"]) {
      const own = fieldWriter({ delimiter, formulas: "allow" });
      expect([own(`a${delimiter}`, "x"), own("a", "x")]).toEqual([`"a${delimiter}"`, "a"]);
    }
  });

  it.each<[string, unknown, string]>([
    ["NaN", NaN, "a value that CSV can hold: current value is NaN"],
    ["Infinity", -Infinity, "a value that CSV can hold: current value is -Infinity"],
    [
      "a date that is none",
      new Date(NaN),
      "a value that CSV can hold: current value is an instance of Date",
    ],
    ["a function", () => 1, "a value that CSV can hold: current value is a function"],
    ["a bigint within", { a: 1n }, "a value that JSON can hold"],
  ])("refuses %s", (_, value, expected) => {
    expect(() => write(value, "x")).toThrow(`'x' must be ${expected}`);
  });

  it("refuses half a character", () => {
    expect(() => write("a\uD800", "x")).toThrow("'x' has half a character");
    expect(write("😀", "x")).toBe("😀");
  });
});
