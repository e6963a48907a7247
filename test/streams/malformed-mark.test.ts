import { expect, it } from "vitest";
import { malformed } from "../../src/index.ts";
import { firstMalformed, isMalformed, malformedMark } from "../../src/streams/malformed-mark.ts";

it("the mark is the same symbol in every copy of the package", () => {
  expect(malformedMark).toBe(Symbol.for("millrace.malformed"));
});

it("knows what another copy of the package has made", () => {
  const other = Object.assign(new Error("no"), {
    raw: "{",
    [Symbol.for("millrace.malformed")]: true,
  });
  expect(isMalformed(other)).toBe(true);
});

it("tells an item that could not be read from the others", () => {
  const items = [undefined, null, 0, "", {}, [], new Error("an item"), () => {}];
  expect(items.map(isMalformed)).toEqual(items.map(() => false));
  expect(firstMalformed(items)).toBe(-1);
  expect(firstMalformed([...items, malformed(1, "no"), malformed(2, "no")])).toBe(items.length);
});
