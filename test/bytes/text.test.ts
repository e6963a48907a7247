import { describe, expect, it } from "vitest";
import { encodingName, ownText, textCodeOf } from "../../src/bytes/text.ts";

describe("textCodeOf", () => {
  it.each([
    [[0xEF, 0xBB, 0xBF], undefined, "utf-8", 3],
    [[0xFF, 0xFE, 97], undefined, "utf-16le", 2],
    [[0xFE, 0xFF, 0], undefined, "utf-16be", 2],
    [[97, 98, 99], undefined, "utf-8", 0],
    [[0xEF, 0xBB, 0xBF], "latin1", "windows-1252", 0],
    [[0xFF, 0xFE, 97], "utf-16", "utf-16le", 2],
    [[0xFF, 0xFE, 97], "utf-8", "utf-8", 0],
    [[], "UTF8", "utf-8", 0],
  ])("tells of %j with the encoding %j that it is %s", (start, wanted, encoding, mark) => {
    expect(textCodeOf(Uint8Array.from(start), wanted)).toMatchObject({ encoding, mark });
  });
});

describe("encodingName", () => {
  it.each([["utf-8", true], ["UTF-16LE", true], ["windows-1252", true], ["utf-9", false], [
    5,
    false,
  ]])(
    "%j is one: %j",
    (name, expected) => expect(encodingName.test(name)).toBe(expected),
  );
});

describe("ownText", () => {
  it.each(["", 'a "b"\r\n', "é€😀\u0000\u2028", "a\uD83D", "\uDE00b"])(
    "is the same text: %j",
    (text) => {
      expect(ownText(text)).toBe(text);
    },
  );
});
