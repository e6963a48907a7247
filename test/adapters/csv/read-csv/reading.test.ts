import { describe, expect, it } from "vitest";
import { readCsv, type ReadCsvOptions } from "../../../../src/adapters/csv.ts";
import { readUntil, rowsOf } from "../../../support/csv/read.ts";

describe("readCsv", () => {
  it("gives objects with the names of the header", async () => {
    expect(await rowsOf(readCsv(new Blob(['id,name\r\n1,Ada\r\n2,"B, C"\r\n'])))).toEqual([
      { id: "1", name: "Ada" },
      { id: "2", name: "B, C" },
    ]);
  });

  it("gives nothing for an empty input, and for a header alone", async () => {
    expect(await rowsOf(readCsv([""]))).toEqual([]);
    expect(await rowsOf(readCsv(["id,name"]))).toEqual([]);
  });

  it("takes names that are given, or changed, and arrays without any", async () => {
    expect(await rowsOf(readCsv(["1,2\n"], { header: ["a", "b"] }))).toEqual([{ a: "1", b: "2" }]);
    const upper = (names: string[]) => names.map((name, index) => `${name.toUpperCase()}${index}`);
    expect(await rowsOf(readCsv(["a,a\n1,2\n"], { header: upper }))).toEqual([{
      A0: "1",
      A1: "2",
    }]);
    expect(await rowsOf(readCsv(["1,2\n3\n"], { header: false }))).toEqual([["1", "2"], ["3"]]);
  });

  it("takes a column of any name", async () => {
    const [row] = await rowsOf(readCsv(["__proto__,constructor,,1\na,b,c,d\n"]));
    expect(Object.entries(row!)).toEqual([
      ["1", "d"],
      ["__proto__", "a"],
      ["constructor", "b"],
      ["", "c"],
    ]);
  });

  it("reads each input of a list with a header of its own", async () => {
    const inputs = [new Blob(["a;b\n1;2"]), new Blob(["b,a\n3,4"])];
    expect(await rowsOf(readCsv(inputs))).toEqual([{ a: "1", b: "2" }, { b: "3", a: "4" }]);
  });

  it("tells empty fields from quoted ones", async () => {
    const text = 'a,b\n,""\n';
    expect(await rowsOf(readCsv([text]))).toEqual([{ a: "", b: "" }]);
    expect(await rowsOf(readCsv([text], { empty: null }))).toEqual([{ a: null, b: "" }]);
  });

  it("pads short records if it is asked to, and cuts empty fields, but no text", async () => {
    const text = "a,b\n1\n1,2,,\n1,2,3\n";
    const read = readUntil(readCsv([text], { ragged: "pad", empty: null }));
    expect(await read).toEqual([
      [{ a: "1", b: null }, { a: "1", b: "2" }],
      "Cannot read a record of 3 fields, where the header has 2 (line 4, byte 12)",
    ]);
  });

  it("tells where each row stands, also behind characters of several bytes", async () => {
    const text = '\uFEFFa,b\r\nä,"x\n😀"\r\n\r\n1,2';
    const expected = [
      { value: { a: "ä", b: "x\n😀" }, line: 2, end: 21 },
      { value: { a: "1", b: "2" }, line: 5, end: 26 },
    ];
    const bytes = new TextEncoder().encode(text);
    expect(await rowsOf(readCsv([bytes], { positions: true }))).toEqual(expected);
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await rowsOf(readCsv(single, { positions: true }))).toEqual(expected);
  });

  it("goes on where an earlier reading ended", async () => {
    const text = "a,b\nä,2\n3,4\n";
    const bytes = new TextEncoder().encode(text);
    const [first] = await rowsOf(readCsv([bytes], { positions: true }));
    const from = { byte: first!.end, line: first!.line + 1 };
    const input = { name: "x.csv", content: [bytes.subarray(first!.end)], from };
    const rest = readCsv(input, { header: ["a", "b"], positions: true });
    expect(await rowsOf(rest)).toEqual([{ value: { a: "3", b: "4" }, line: 3, end: 13 }]);
    expect((await readUntil(readCsv(input)))[1]).toBe(
      "Cannot read CSV as 'header' must be an array of names, as the input begins behind its header: current value is true",
    );
  });

  it("leaves out comments", async () => {
    expect(await rowsOf(readCsv(["# x\na,b\n#1,2\n3,4\n"], { comment: "#" })))
      .toEqual([{ a: "3", b: "4" }]);
  });
});

describe("readCsv: options", () => {
  it.each<[ReadCsvOptions, string]>([
    [
      { delimiter: '"' },
      `'delimiter' must be "auto" or a text without quotes and line breaks: current value is "\\""`,
    ],
    [
      { header: ["a", "a"] },
      "'header' must be a boolean, a function or an array of different names: current value is an array of 2",
    ],
    [
      { header: false, columns: {} },
      "'columns' must be omitted without a header: current value is an object",
    ],
    [
      { header: false, ragged: "pad" },
      `'ragged' must be omitted without a header: current value is "pad"`,
    ],
    [
      { header: ["a"], columns: { b: "number" } },
      `'columns' must be names of the header: current value is "b"`,
    ],
    [
      { encoding: "gbk", positions: true },
      `'positions' must be omitted if character bytes cannot be counted: current value is "gbk"`,
    ],
  ])("refuses %j", (options, expected) => {
    expect(() => readCsv([], options)).toThrow(`Cannot read CSV as ${expected}`);
  });
});

describe("readCsv: compressed", () => {
  it("tells gzip by its first bytes", async () => {
    const packed = new Blob(["a,b\n1,2\n"]).stream().pipeThrough(new CompressionStream("gzip"));
    expect(await rowsOf(readCsv(packed, { positions: true })))
      .toEqual([{ value: { a: "1", b: "2" }, line: 2, end: 8 }]);
  });
});
