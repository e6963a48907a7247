import { describe, expect, it } from "vitest";
import { nonEmptyString } from "../../src/options.ts";
import { checkKey, checkTableOptions } from "../../src/sql/sink-options.ts";

const good = { table: "t", columns: ["a", "b"], conflict: "replace", key: ["a"] } as const;
const check =
  (options: Partial<Parameters<typeof checkTableOptions>[1]>, fold = (name: string) => name) =>
  () => checkTableOptions("make a sink", { ...good, ...options }, nonEmptyString, fold);

describe("checkTableOptions()", () => {
  it("lets options pass that fit together, whatever is left out", () => {
    for (const options of [{}, { key: undefined }, { columns: undefined, key: ["z"] }]) {
      expect(check(options)).not.toThrow();
    }
    expect(check({ conflict: "error", key: undefined })).not.toThrow();
  });

  it("needs a table", () => {
    const rule = "'table' must be a non-empty string: current value is undefined";
    expect(check({ table: undefined })).toThrow(`Cannot make a sink as ${rule}`);
  });

  it("rejects a key without effect, and one that gets no value", () => {
    expect(check({ conflict: "error" })).toThrow(
      `'key' must be omitted if 'conflict' is "error"`,
    );
    expect(check({ key: ["a", "c"] })).toThrow(
      `'key' must be some of 'columns': current value is "c"`,
    );
  });

  it("compares names as the database does", () => {
    const fold = (name: string) => name.toLowerCase();
    expect(check({ key: ["A"] })).toThrow("'key'");
    expect(check({ key: ["A"] }, fold)).not.toThrow();
    expect(() => checkKey("load rows", ["ID"], ["id"], fold)).not.toThrow();
  });
});
