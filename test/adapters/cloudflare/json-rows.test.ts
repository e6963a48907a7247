import { describe, expect, it } from "vitest";
import {
  jsonOf,
  jsonRows,
  lotsOf,
  RowReference,
} from "../../../src/adapters/cloudflare/json-rows.ts";

describe("jsonOf()", () => {
  it.each([
    [null, "null"],
    ['a"b', '"a\\"b"'],
    [5, "5"],
    [0.1, "0.1"],
    [2 ** 53 - 1, "9007199254740991"],
    [2 ** 60, "1152921504606847000.0"],
    [-1e300, "-1e+300"],
    [Infinity, "9e999"],
    [-Infinity, "-9e999"],
    [9007199254740993n, "9007199254740993"],
    [new Uint8Array([0, 10, 255]), '["000aff"]'],
    [new RowReference(3), '{"n":3}'],
    [new RowReference([1, "a", new RowReference(2)]), '{"k":[1,"a",{"n":2}]}'],
  ])("has %o as %s", (value, json) => {
    expect(jsonOf(value)).toBe(json);
  });
});

describe("lotsOf()", () => {
  it("has all rows in their order, in lots of at most so many bytes", () => {
    const rows = jsonRows([1, "aaa", 2, "bbb", 3, "ccc"], 2);
    expect(rows).toEqual(['[1,"aaa"]', '[2,"bbb"]', '[3,"ccc"]']);
    expect(lotsOf(rows, 1000)).toEqual([{ json: `[${rows.join()}]`, rows: 3 }]);
    const lots = lotsOf(rows, 21);
    expect(lots.map(({ rows }) => rows)).toEqual([2, 1]);
    for (const { json } of lots) expect(json.length).toBeLessThanOrEqual(21);
    expect(lots.flatMap(({ json }) => JSON.parse(json) as unknown[])).toEqual(
      rows.map((row) => JSON.parse(row) as unknown),
    );
    expect(lotsOf([], 1000)).toEqual([]);
  });

  it("counts bytes of UTF-8, and refuses a row that alone has more", () => {
    const row = jsonRows(["ä".repeat(10)], 1);
    expect(lotsOf(row, 50)).toHaveLength(1);
    expect(() => lotsOf(row, 30)).toThrow(
      /^Cannot load row as it has \d+ bytes as JSON, more than/,
    );
  });
});
