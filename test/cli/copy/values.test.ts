import { describe, expect, it } from "vitest";
import {
  exactTimes,
  fromJson,
  fromParquet,
  fromPostgres,
  toCsv,
  toJson,
  toPostgres,
  toSqlite,
} from "../../../src/cli/copy/values.ts";

const bytes = new Uint8Array([1, 2]);
const day = new Date("2026-01-02T03:04:05.678Z");

describe("values between formats", () => {
  it.each([
    ["fromJson", fromJson, { a: [1, -5e-3, "x", null] }, { a: [1, -5e-3, "x", null] }, undefined],
    ["fromPostgres", fromPostgres, "9007199254740993", 9007199254740993n, "bigint"],
    ["fromPostgres", fromPostgres, '{"a":1}', { a: 1 }, "json"],
    ["fromPostgres", fromPostgres, '{"a":1}', '{"a":1}', "text"],
    ["fromPostgres", fromPostgres, null, null, "bigint"],
    ["fromPostgres", fromPostgres, 5, 5, undefined],
    ["fromParquet", fromParquet, 3 * 0.1, 0.3, "1"],
    ["fromParquet", fromParquet, null, null, "1"],
    ["toJson", toJson, 12n, 12, undefined],
    ["toJson", toJson, { at: day, list: [1n] }, { at: day, list: [1] }, undefined],
    ["toCsv", toCsv, 9007199254740993n, 9007199254740993n, undefined],
    ["toCsv", toCsv, { a: 1n }, { a: 1 }, undefined],
    ["toSqlite", toSqlite, true, 1n, undefined],
    ["toSqlite", toSqlite, 7, 7n, undefined],
    ["toSqlite", toSqlite, 1.5, 1.5, undefined],
    ["toSqlite", toSqlite, day, "2026-01-02T03:04:05.678Z", undefined],
    ["toSqlite", toSqlite, [1n, "a"], '[1,"a"]', undefined],
    ["toSqlite", toSqlite, bytes, bytes, undefined],
    ["toPostgres", toPostgres, '{"a":1}', { a: 1 }, "json"],
    ["toPostgres", toPostgres, '{"a":1}', '{"a":1}', undefined],
    ["toPostgres", toPostgres, 0, false, "boolean"],
    ["toPostgres", toPostgres, [1n], [1], undefined],
    ["toPostgres", toPostgres, day, day, undefined],
  ])("keep their meaning: %s of %j", (_name, step, value, expected, kind) => {
    expect(step(value, "column", kind)).toEqual(expected);
  });

  it.each([
    ["fromJson", fromJson, [2 ** 53], undefined, "an integer below 2^53"],
    ["fromPostgres", fromPostgres, '{"a":9007199254740993}', "json", "an integer below 2^53"],
    ["toJson", toJson, 9007199254740993n, undefined, "an integer below 2^53, or a text"],
    ["toJson", toJson, [Number.NaN], undefined, "finite: current value is NaN"],
    ["toJson", toJson, { a: bytes }, undefined, "other than bytes"],
    ["toJson", toJson, new Date(Number.NaN), undefined, "a date: current value is Invalid Date"],
    ["toCsv", toCsv, bytes, undefined, "other than bytes (make a text of them in a query)"],
    ["toSqlite", toSqlite, [bytes], undefined, "other than bytes"],
    ["toSqlite", toSqlite, [Infinity], undefined, "finite"],
    ["toPostgres", toPostgres, [bytes], undefined, "other than bytes"],
    ["toPostgres", toPostgres, '{"a":9007199254740993}', "json", "an integer below 2^53"],
  ])("are refused by name: %s of %j", (_name, step, value, kind, message) => {
    const call = () => step(value, "column", kind);
    expect(call).toThrow("Cannot copy 'column'");
    expect(call).toThrow(message);
  });

  it.each([
    ["timestampFromMicroseconds", 1_000_000n, new Date(1000)],
    ["timestampFromMicroseconds", 1_000_001n, "1970-01-01T00:00:01.000001Z"],
    ["timestampFromMicroseconds", -1n, "1969-12-31T23:59:59.999999Z"],
    ["timestampFromMicroseconds", -1000n, new Date(-1)],
    ["timestampFromNanoseconds", 1_000_000_000n, new Date(1000)],
    ["timestampFromNanoseconds", -1n, "1969-12-31T23:59:59.999999999Z"],
  ])("keep all digits of a time: %s of %i", (name, time, expected) => {
    expect(exactTimes[name]!(time)).toEqual(expected);
  });
});
