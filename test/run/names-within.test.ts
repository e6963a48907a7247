import { expect, it } from "vitest";
import { nameWithin, others } from "../../src/run/names-within.ts";

it("nameWithin() returns known names and new ones up to the limit, then one for all others", () => {
  const known = new Map([["a", 1], ["b", 2]]);
  expect(nameWithin(known, "c", 3)).toBe("c");
  expect(nameWithin(known, "c", 2)).toBe(others);
  expect(nameWithin(known, "a", 2)).toBe("a");
});
