import { describe, expect, it } from "vitest";
import { duckdbSink } from "../../../src/adapters/duckdb.ts";
import { connectionsOf, plainContext, textsOf } from "../../support/duckdb/client.ts";

const at = new Date("2020-02-03T04:05:06.789Z");

/** Types, values, and what is stored of them. */
const stored: [type: string, value: unknown, text: string | null][] = [
  ["integer", null, null],
  ["integer", -5, "-5"],
  ["integer", "42", "42"],
  ["bigint", 2n ** 63n - 1n, "9223372036854775807"],
  ["bigint", 2 ** 60, "1152921504606846976"],
  ["ubigint", 2n ** 64n - 1n, "18446744073709551615"],
  ["hugeint", -(2n ** 127n), "-170141183460469231731687303715884105728"],
  ["double", 0.1, "0.1"],
  ["double", -0, "-0.0"],
  ["double", Number.NaN, "nan"],
  ["double", -Infinity, "-inf"],
  ["double", 5e-324, "5e-324"],
  ["float", 0.1, "0.1"],
  ["decimal(10,2)", 12.25, "12.25"],
  ["decimal(38,0)", 10n ** 37n, "10000000000000000000000000000000000000"],
  ["boolean", true, "true"],
  ["varchar", "a\0é'\"😀", "a\0é'\"😀"],
  ["blob", new Uint8Array([0, 97, 255]), "\\x00a\\xFF"],
  ["blob", new Uint8Array(), ""],
  ["timestamp", at, "2020-02-03 04:05:06.789"],
  ["timestamp_ms", at, "2020-02-03 04:05:06.789"],
  ["timestamp_ns", at, "2020-02-03 04:05:06.789"],
  ["timestamp_s", new Date(1000), "1970-01-01 00:00:01"],
  ["timestamp", "2020-01-01 00:00:00.123456", "2020-01-01 00:00:00.123456"],
  ["date", "2020-02-29", "2020-02-29"],
  ["time", "01:02:03", "01:02:03"],
  ["interval", "3 days", "3 days"],
  ["uuid", "a4b5c590-600c-44e3-a880-dcb7d8434202", "a4b5c590-600c-44e3-a880-dcb7d8434202"],
  ["enum('a', 'b')", "b", "b"],
  ["json", { a: [1, null, "x"] }, '{"a":[1,null,"x"]}'],
  ["json", "[1,  2]", "[1,  2]"],
  ["integer[]", [1, null, 3n], "[1, NULL, 3]"],
  ["integer[]", [], "[]"],
  ["integer[2]", [1, 2], "[1, 2]"],
  ["varchar[][]", [["a", "b"], []], "[[a, b], []]"],
  ["bigint[]", [2n ** 60n + 1n], "[1152921504606846977]"],
  ['struct(x integer, "y ""Z" varchar[])', { x: 1, 'y "Z': ["a"] }, "{'x': 1, 'y \"Z': [a]}"],
  ["struct(x integer, t timestamp)", { t: at }, "{'x': NULL, 't': '2020-02-03 04:05:06.789'}"],
  [
    "struct(d decimal(4,1), e enum('p, q', 'r'))[]",
    [{ d: 1.5, e: "p, q" }],
    "[{'d': 1.5, 'e': 'p, q'}]",
  ],
  ["map(varchar, integer)", "{a=1}", "{a=1}"],
];

/** Types and values that they would change. */
const refused: [type: string, value: unknown][] = [
  ["integer", 1.5],
  ["integer", 2 ** 31],
  ["integer", -0],
  ["integer", true],
  ["integer", at],
  ["utinyint", -1],
  ["bigint", 2n ** 63n],
  ["double", 2n ** 53n + 1n],
  ["double", true],
  ["float", 1e39],
  ["decimal(4,2)", 1.239],
  ["decimal(4,2)", 100],
  ["decimal(4,2)", Number.NaN],
  ["boolean", 1],
  ["varchar", 5],
  ["varchar", "half \ud800"],
  ["blob", "text"],
  ["timestamp", new Date(Number.NaN)],
  ["timestamp", new Date(-1e14)],
  ["timestamp_s", at],
  ["date", at],
  ["json", { at }],
  ["json", { n: 1n }],
  ["integer[]", [1.5]],
  ["integer[]", "[1]"],
  ["integer[2]", [1]],
  ["struct(x integer)", { x: 1, z: 2 }],
  ["struct(x integer)", { x: "half \ud800" }],
  ["map(varchar, integer)", { a: 1 }],
];

/** Each value is stored as it is, or refused by name. */
export function testDuckdbValues(): void {
  describe("values", () => {
    const connections = connectionsOf();

    it.each(stored)("stores in %s %o", async (type, value, text) => {
      const connection = await connections.open(`create table t (v ${type})`);
      await duckdbSink(connection, { table: "t", columns: ["v"] })
        .load([{ v: value }], plainContext);
      expect(await textsOf(connection, "from t")).toEqual([[text]]);
    });

    it.each(refused)("refuses in %s %o", async (type, value) => {
      const connection = await connections.open(`create table t (v ${type})`);
      const loading = duckdbSink(connection, { table: "t" }).load([{ v: value }], plainContext);
      const error = await loading.catch((error) => error);
      expect(error.failures?.get(0)?.message).toMatch(/column "v" must be /);
    });

    it("stores a date with a time zone as that instant", async () => {
      const connection = await connections.open("create table t (v timestamptz)");
      await duckdbSink(connection, { table: "t" }).load([{ v: at }], plainContext);
      expect(await textsOf(connection, "select epoch_ms(v) from t")).toEqual([[`${at.getTime()}`]]);
    });
  });
}
