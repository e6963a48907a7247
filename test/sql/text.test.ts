import { expect, it } from "vitest";
import { isStorableText, storedKey, withoutUnstorable } from "../../src/sql/text.ts";

it.each(["", "a", "é", "\u{1f600}", "\ufffd", "\x01"])("%j is stored as it is", (text) => {
  expect(isStorableText(text)).toBe(true);
  expect(withoutUnstorable(text, "?")).toBe(text);
});

it.each([["a\0b", "a?b"], ["\ud800x", "?x"], ["x\udc00\0", "x??"]])(
  "%j is not stored as it is",
  (text, without) => {
    expect(isStorableText(text)).toBe(false);
    expect(withoutUnstorable(text, "?")).toBe(without);
  },
);

it("stores no two keys as one", () => {
  const keys = ["a", "\0", '"\\u0000"', '"', '"\\""', "\ud800", "\udc00", '"\\ud800"'];
  expect(new Set(keys.map(storedKey)).size).toBe(keys.length);
  expect(storedKey('a"b')).toBe('a"b');
});
