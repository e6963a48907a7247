import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { nonEmptyString } from "../../src/options.ts";
import { checkTableOptions, type TableOptions } from "../../src/sql/sink-options.ts";

const options = { table: "t", columns: ["id", "name"], conflict: "replace", key: ["id"] } as const;
const check = (more: Partial<TableOptions>, fold?: (name: string) => string) =>
  checkTableOptions("make it", { ...options, ...more }, nonEmptyString, fold);

describe("checkTableOptions()", () => {
  it.each<[Partial<TableOptions>, string]>([
    [{ table: undefined }, "'table' must be a non-empty string: current value is undefined"],
    [
      { conflict: "error" },
      `'key' must be left out where 'conflict' is "error": current value is an array of 1`,
    ],
    [{ key: ["id", "nick"] }, `'key' must be some of 'columns': current value is "nick"`],
  ])("throws for %o with the whole sentence", (more, rule) => {
    expect(() => check(more)).toThrow(new ConfigurationError(`Cannot make it as ${rule}`));
  });

  it("accepts a key that the database takes for one of the columns", () => {
    expect(() => check({ key: ["ID"] })).toThrow(ConfigurationError);
    expect(() => check({ key: ["ID"] }, (name) => name.toLowerCase())).not.toThrow();
    expect(() => check({ columns: ["ID"] }, (name) => name.toLowerCase())).not.toThrow();
    expect(() => check({ key: ["nick"], columns: undefined })).not.toThrow();
    expect(() => check({ key: undefined, conflict: "error" })).not.toThrow();
  });
});
