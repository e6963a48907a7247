import { describe, expect, it } from "vitest";
import { sqliteSink } from "../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../src/errors.ts";

const statement = { run: () => {}, get: () => undefined, all: () => [] };
const db = {
  exec: (sql: string) => {
    throw new Error(`not yet: ${sql}`);
  },
  prepare: () => statement,
};
const good = { table: "t", columns: ["id", "name"] };
const name = "a non-empty string without NUL and half surrogate pairs";
const names = "a non-empty array of distinct non-empty strings";
const client = "a database of node:sqlite, better-sqlite3 or bun:sqlite";

describe("sqliteSink()", () => {
  it("does not touch the database when it is made", () => {
    expect(sqliteSink(db, { ...good, conflict: "replace", key: ["id"] }).load).toBeTypeOf(
      "function",
    );
  });

  it.each([
    [{}, `'table' must be ${name}: current value is undefined`],
    [{ table: "", columns: ["a"] }, `'table' must be ${name}: current value is ""`],
    [{ table: "a\0", columns: ["a"] }, `'table' must be ${name}: current value is "a\\u0000"`],
    [
      { table: "\ud800", columns: ["a"] },
      `'table' must be ${name}: current value is "\\ud800"`,
    ],
    [
      { ...good, unknown: "ad" },
      `'unknown' must be "error" or "drop" or "add": current value is "ad"`,
    ],
    [{ table: "t", columns: "id" }, `'columns' must be ${names}: current value is "id"`],
    [{ table: "t", columns: [] }, `'columns' must be ${names}: current value is an array of 0`],
    [
      { table: "t", columns: ["a", "b", "A"] },
      `'columns' must be ${names}: current value is an array of 3`,
    ],
    [
      { table: "t", columns: ["a", 1] },
      `'columns' must be ${names}: current value is an array of 2`,
    ],
    [
      { ...good, conflict: "merge" },
      `'conflict' must be "error" or "ignore" or "replace": current value is "merge"`,
    ],
    [
      { ...good, key: ["id"] },
      `'key' must be omitted if 'conflict' is "error": current value is an array of 1`,
    ],
    [
      { ...good, conflict: "replace", key: [] },
      `'key' must be ${names}: current value is an array of 0`,
    ],
    [
      { ...good, conflict: "replace", key: ["id", "other"] },
      `'key' must be some of 'columns': current value is "other"`,
    ],
    [
      { ...good, colums: 1 },
      "'colums' must be a known option, perhaps 'columns': current value is 1",
    ],
    [null, "'options' must be an object: current value is null"],
  ])("throws for %j with the whole sentence", (options, sentence) => {
    const error = new ConfigurationError(`Cannot construct sqliteSink as ${sentence}`);
    expect(() => Reflect.apply(sqliteSink, undefined, [db, options])).toThrow(error);
  });

  it.each([undefined, null, "shop.db", { exec() {} }, { prepare() {} }])(
    "throws for %o as a database",
    (value) => {
      const make = () => Reflect.apply(sqliteSink, undefined, [value, good]);
      expect(make).toThrow(ConfigurationError);
      expect(make).toThrow(`Cannot construct sqliteSink as 'db' must be ${client}: current value`);
    },
  );
});

describe("the load of a sqliteSink()", () => {
  it.each<[unknown[], string]>([
    [[], "undefined"],
    [[null], "null"],
    [[{ runId: "one" }], "an object"],
    [[5], "5"],
  ])("says that the context is missing: %j", (context, shown) => {
    const load = () =>
      Reflect.apply(sqliteSink(db, good).load, undefined, [[{ id: 1 }], ...context]);
    const rule = "the context of a load (pass it on as the second argument)";
    const words = `Cannot load rows as 'context' must be ${rule}: current value is ${shown}`;
    expect(load).toThrow(new ConfigurationError(words));
  });
});
