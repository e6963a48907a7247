import { describe, expect, it } from "vitest";
import { sqliteSink, sqliteSource } from "../../../src/adapters/sqlite.ts";
import { BatchError } from "../../../src/errors.ts";
import { databasesOf, plainContext, type SqliteClient } from "../../support/sqlite/client.ts";
import { outcomeOfCall } from "../../support/outcomes/outcome-of-call.ts";

const twoTo63 = 2n ** 63n;

const kept: readonly (readonly [what: string, value: unknown])[] = [
  ["null", null],
  ["an empty string", ""],
  ["a string of many scripts", "naïve 日本 😀 \ufeff\u0301 'x' \"y\" ; -- ?1 :a\n\r\t\u0001"],
  ["a string of a million characters", "x".repeat(1_000_000)],
  ["zero", 0],
  ["an integer", 5],
  ["a negative integer", -5],
  ["the largest safe integer", Number.MAX_SAFE_INTEGER],
  ["the smallest safe integer", Number.MIN_SAFE_INTEGER],
  ["a fraction", 0.1],
  ["the smallest number", Number.MIN_VALUE],
  ["the largest number", Number.MAX_VALUE],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["a bigint above what a number holds", 2n ** 53n + 1n],
  ["the largest bigint", twoTo63 - 1n],
  ["the smallest bigint", -twoTo63],
  ["bytes", new Uint8Array([0, 1, 255, 0])],
  ["no bytes", new Uint8Array()],
  ["a part of some bytes", new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
];

class Money {
  amount = 1;
}

const refused: readonly (readonly [value: unknown, advice: string, shown: string])[] = [
  [undefined, "give null or a value", "undefined"],
  [true, "give 1 or 0, as there are no booleans", "true"],
  [false, "give 1 or 0, as there are no booleans", "false"],
  [NaN, "give null or another number, as NaN becomes NULL", "NaN"],
  [-0, "give 0, as -0 becomes that", "-0"],
  [twoTo63, "give a string, as it has more than 64 bits", "9223372036854775808n"],
  [-twoTo63 - 1n, "give a string, as it has more than 64 bits", "-9223372036854775809n"],
  ["a\0b", "give a Uint8Array, as some clients cut a string at a NUL character", '"a\\u0000b"'],
  [
    "a\ud800b",
    "give toWellFormed(), as half of a surrogate pair is replaced",
    '"a\\ud800b"',
  ],
  ["\udc00", "give toWellFormed(), as half of a surrogate pair is replaced", '"\\udc00"'],
  [new Date(0), "give toISOString() or getTime() of it", "an instance of Date"],
  [new ArrayBuffer(2), "give a Uint8Array of it", "an instance of ArrayBuffer"],
  [new Uint16Array(2), "give a Uint8Array of its buffer", "an instance of Uint16Array"],
  [{ a: 1 }, "give JSON.stringify() of it", "an object"],
  [new Money(), "give JSON.stringify() of it", "an instance of Money"],
  [[1, 2], "give JSON.stringify() of it", "an array of 2"],
  [() => 1, "give null or a value", "a function"],
  [Symbol("x"), "give null or a value", "Symbol(x)"],
];

/** The sentence for a value that is refused. */
function refusalOf(column: string, advice: string, shown: string, place: number): string {
  return `Cannot load row as column "${column}" must be a value that SQLite stores as it is ` +
    `(${advice}): current value is ${shown} (row ${place})`;
}

/** What becomes of each value: it comes back as it was, or its row is refused. */
export function testSqliteValues(client: SqliteClient): void {
  describe("values in SQLite", () => {
    const databases = databasesOf(client);

    const read = async (db: Parameters<typeof sqliteSource>[0], sql: string) => {
      const pages = sqliteSource(db, sql).source as Iterable<Record<string, unknown>[]>;
      return [...pages].flat();
    };

    it.each(kept)("stores %s", async (_, value) => {
      const db = databases.inMemory("create table t (id integer primary key, v)");
      const { load } = sqliteSink(db, { table: "t", columns: ["id", "v"] });
      load(Array.from({ length: 112 }, (_, id) => ({ id, v: value })), plainContext);
      const rows = await read(db, "select v from t order by id");
      expect(rows.length).toBe(112);
      for (const { v } of rows) {
        if (value instanceof Uint8Array) expect([...v as Uint8Array]).toEqual([...value]);
        else expect(v).toBe(value);
      }
    });

    it.each(["integer", "real", "numeric"])("stores numbers in a %s column", async (type) => {
      const db = databases.inMemory(`create table t (id integer primary key, v ${type})`);
      const numbers = [5, 0, -7, 0.5, 1e300, 2 ** 40, Infinity, null];
      const { load } = sqliteSink(db, { table: "t", columns: ["v"] });
      load(numbers.map((v) => ({ v })), plainContext);
      const rows = await read(db, "select v from t order by id");
      expect(rows.map(({ v }) => v)).toEqual(numbers);
    });

    it("stores numbers in the columns of a strict table", async () => {
      const db = databases.inMemory("create table t (i integer, r real, s text, b blob) strict");
      const { load } = sqliteSink(db, { table: "t", columns: ["i", "r", "s", "b"] });
      load([{ i: 5, r: 5, s: "5", b: new Uint8Array([5]) }], plainContext);
      const types = "typeof(i) || typeof(r) || typeof(s) || typeof(b)";
      expect(await read(db, `select ${types} as types from t`)).toMatchObject([
        { types: "integerrealtextblob" },
      ]);
    });

    it.each(refused)("rejects %s", async (value, advice, shown) => {
      const db = databases.inMemory("create table t (id integer, \"a 'b'\")");
      const { load } = sqliteSink(db, { table: "t", columns: ["id", "a 'b'"] });
      const rows = [{ id: 0, "a 'b'": 1 }, { id: 1, "a 'b'": value }, { id: 2, "a 'b'": 3 }];
      const error = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
      expect(error).toBeInstanceOf(BatchError);
      expect([...error.failures.keys()]).toEqual([1]);
      expect(error.cause).toEqual(new TypeError(refusalOf("a 'b'", advice, shown, 1)));
      expect(await read(db, "select * from t")).toEqual([]);
    });

    it("rejects every bad row, in the order of the rows", () => {
      const db = databases.inMemory("create table t (a, b)");
      const { load } = sqliteSink(db, { table: "t", columns: ["a", "b"] });
      const rows = [
        { a: 1, b: NaN },
        { a: 1, b: 2 },
        { a: true, b: NaN },
        {} as never,
        null as never,
      ];
      const error = outcomeOfCall(() => load(rows, plainContext)).error as BatchError;
      const messages = [...error.failures].map(([index, cause]) => [index, `${cause}`.slice(11)]);
      expect(messages).toEqual([
        [0, refusalOf("b", "give null or another number, as NaN becomes NULL", "NaN", 0)],
        [2, refusalOf("a", "give 1 or 0, as there are no booleans", "true", 2)],
        [3, refusalOf("a", "give null or a value", "undefined", 3)],
        [
          4,
          'Cannot load row as it must be an object with the property "a": current value is null (row 4)',
        ],
      ]);
    });

    it.each<[unknown, string]>([
      [1, "1"],
      ["x", '"x"'],
      [undefined, "undefined"],
      [[1, 2], "an array of 2"],
      [() => 1, "a function"],
    ])("rejects %o as a row", (row, words) => {
      const db = databases.inMemory("create table t (id)");
      const { load } = sqliteSink(db, { table: "t", columns: ["id"] });
      const error = outcomeOfCall(() => load([row as never], plainContext)).error as BatchError;
      const sentence = 'Cannot load row as it must be an object with the property "id": ' +
        `current value is ${words} (row 0)`;
      expect(error.failures).toEqual(new Map([[0, new TypeError(sentence)]]));
    });
  });
}
