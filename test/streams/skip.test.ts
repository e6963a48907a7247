import { describe, expect, it } from "vitest";
import { skip, withoutSkips } from "../../src/streams/skip.ts";

describe("withoutSkips()", () => {
  it("returns the results without skip, and keeps undefined and null", () => {
    expect(withoutSkips([skip, 1, undefined, skip, null])).toEqual([1, undefined, null]);
    expect(withoutSkips([skip, skip])).toEqual([]);
  });

  it("returns the same array if nothing is skipped", () => {
    const results = [1, undefined];
    expect(withoutSkips(results)).toBe(results);
  });
});

it("skip is the same symbol in every copy of the package", () => {
  expect(skip).toBe(Symbol.for("millrace.skip"));
});
