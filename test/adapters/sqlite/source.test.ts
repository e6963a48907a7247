import { describe, expect, it } from "vitest";
import { sqliteSource } from "../../../src/adapters/sqlite.ts";
import { ConfigurationError } from "../../../src/errors.ts";

const statement = { run: () => {}, get: () => undefined, all: () => [] };
const db = {
  exec: (sql: string) => {
    throw new Error(`not yet: ${sql}`);
  },
  prepare: () => statement,
};
const name = "a non-empty string without NUL and half surrogate pairs";
const client = "a database of node:sqlite, better-sqlite3 or bun:sqlite";

describe("sqliteSource()", () => {
  it.each([
    [[null, "select 1"], `'db' must be ${client}: current value is null`],
    [[db, 1], "'sql' must be a query: current value is 1"],
    [[db, "select ?", 1], "'params' must be an array of values: current value is 1"],
    [
      [db, "select 1", [], { chunkSize: 0 }],
      "'chunkSize' must be a positive integer: current value is 0",
    ],
    [[db, "select 1", [], { key: "" }], `'key' must be ${name}: current value is ""`],
    [
      [db, "select 1", [], { keys: 1 }],
      "'keys' must be a known option, perhaps 'key': current value is 1",
    ],
  ])("throws for wrong options with the whole sentence (%#)", (given, sentence) => {
    const error = new ConfigurationError(`Cannot construct sqliteSource as ${sentence}`);
    expect(() => Reflect.apply(sqliteSource, undefined, given)).toThrow(error);
  });
});
