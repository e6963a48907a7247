import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.ts";
import { tombstone, tombstoneKey } from "../../src/sql/tombstone.ts";

describe("tombstone()", () => {
  it("is told by its key, of which it has a copy, and has no property", () => {
    const key = { id: 1 };
    const made = tombstone(key);
    key.id = 2;
    expect(tombstoneKey(made)).toEqual({ id: 1 });
    expect(Object.keys(made)).toEqual([]);
    expect([{ id: 1 }, null, undefined, 5].map(tombstoneKey)).toEqual(Array(4).fill(undefined));
  });

  it.each([undefined, null, {}, 5])("refuses %o as a key", (key) => {
    const make = () => tombstone(key as Record<string, unknown>);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(
      "Cannot make a tombstone as 'key' must be an object with a value for each column of the key",
    );
  });
});
