import { describe, expect, it } from "vitest";
import { readCsv, type ReadCsvOptions } from "../../../src/adapters/csv.ts";
import { readUntil, rowsOf } from "../../support/csv/read.ts";

describe("CsvParser: what is malformed", () => {
  const text = 'a,b\n1,2\n3\n4,"5\n6,7\n8,"9" x\n10,11\n';

  it("fails in its place, after the rows before it", async () => {
    expect(await readUntil(readCsv([text]))).toEqual([
      [{ a: "1", b: "2" }],
      "Cannot read a record of 1 field, where the header has 2 (line 3, byte 8)",
    ]);
  });

  it("passes it on in its place if it is asked to", async () => {
    const rows = await rowsOf(readCsv([text], { malformed: "item" }));
    expect(rows.map((row) => row instanceof Error ? Object(row).raw : row)).toEqual([
      { a: "1", b: "2" },
      "3",
      '4,"5',
      { a: "6", b: "7" },
      '8,"9" x',
      { a: "10", b: "11" },
    ]);
    expect(rows.filter((row) => row instanceof Error).map(({ message }) => message)).toEqual([
      "Cannot read a record of 1 field, where the header has 2 (line 3, byte 8)",
      "Cannot read a record, as text follows the closing quote of field 2 (line 4, byte 10)",
      "Cannot read a record, as text follows the closing quote of field 2 (line 6, byte 19)",
    ]);
  });

  it("names a record that is too long, and a quote that is not closed", async () => {
    const rows = readCsv(["a\n1\n", "x".repeat(50), '\n"', "y\n".repeat(20), "z"], {
      maxRecordBytes: 30,
      malformed: "item",
    });
    const all = await rowsOf(rows);
    expect(all.filter((row) => row instanceof Error).map(({ message }) => message)).toEqual([
      "Cannot read a record of more than 30 bytes (line 3, byte 4)",
      "Cannot read a record, as the quote of field 1 is not closed (line 4, byte 55)",
    ]);
    expect(all.at(-1)).toEqual({ a: "z" });
    expect(all).toHaveLength(1 + 2 + 19 + 1);
  });

  it("names a record with bytes that are not of the encoding, and spoils no other", async () => {
    const bytes = new TextEncoder().encode("a,b\nä,\uFFFD\nö,?\nü,ß\n");
    bytes[bytes.indexOf(63)] = 0xFF;
    const rows = await rowsOf(readCsv([bytes], { malformed: "item", positions: true }));
    expect(rows.map((row) => row instanceof Error ? row.message : row)).toEqual([
      { value: { a: "ä", b: "\uFFFD" }, line: 2, end: 11 },
      "Cannot read a record with bytes that are not utf-8 (line 3, byte 11)",
      { value: { a: "ü", b: "ß" }, line: 4, end: 22 },
    ]);
  });

  it.each<[string, string, ReadCsvOptions, string]>([
    [
      "a header that names one column twice",
      "a,b,a\n",
      {},
      "the header, as it names 'a' twice; header: (names) => names may rename it (line 1, byte 0)",
    ],
    [
      "a function that gives another number of names",
      "a,b\n",
      { header: () => ["a"] },
      "the header, as its function must give 2 names (line 1, byte 0)",
    ],
    [
      "a column that the header lacks",
      "a,b\n",
      { columns: { a: "number", c: "date" } },
      "the header, as it lacks 'c' of the columns (line 1, byte 0)",
    ],
    [
      "a header that is broken",
      'a,"b\n',
      { malformed: "item" },
      "a record, as the quote of field 2 is not closed (line 1, byte 0)",
    ],
  ])("refuses %s", async (_, csv, options, expected) => {
    expect(await readUntil(readCsv([csv], options))).toEqual([[], `Cannot read ${expected}`]);
  });
});
