import { describe, expect, it } from "vitest";
import { readCsv } from "../../../src/adapters/csv.ts";
import { TextPieces } from "../../../src/adapters/csv/text-pieces.ts";
import { rowsOf } from "../../support/csv/read.ts";

describe("readCsv: encodings", () => {
  it.each([
    ["utf-16le", [0x61, 0, 10, 0, 0xE4, 0, 10, 0]],
    ["utf-16be", [0, 0x61, 0, 10, 0, 0xE4, 0, 10]],
    ["windows-1252", [0x61, 10, 0xE4, 10]],
  ])("reads %s", async (encoding, bytes) => {
    const rows = readCsv([Uint8Array.from(bytes)], { encoding, positions: true });
    expect(await rowsOf(rows)).toEqual([{ value: { a: "ä" }, line: 2, end: bytes.length }]);
  });
});

describe("TextPieces", () => {
  const texts = ["aä€😀\uFFFDz", "日本語\n\u{10FFFF}"];

  it.each(texts)("decodes %j wherever it is cut", (text) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const pieces = new TextPieces(0, undefined);
      const first = pieces.push(bytes.subarray(0, at), false);
      expect(pieces.lengthOf(first, 0, first.length)).toBe(pieces.byte);
      expect(first + pieces.push(bytes.subarray(at), true)).toBe(text);
      expect(pieces.byte).toBe(bytes.length);
      expect(pieces.isDamaged(text)).toBe(false);
    }
  });

  it("keeps the length of bytes that are not UTF-8, and marks what has them", () => {
    const broken = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5], [0xF0, 0x80]];
    for (const bytes of broken) {
      const pieces = new TextPieces(0, undefined);
      const text = pieces.push(Uint8Array.of(0xC3, 0xA4, ...bytes, 0x61), true);
      expect([text.at(0), text.at(-1)]).toEqual(["ä", "a"]);
      expect(pieces.lengthOf(text, 0, text.length)).toBe(bytes.length + 3);
      expect(pieces.isDamaged(text)).toBe(true);
      expect(pieces.isDamaged(text.slice(0, 1))).toBe(false);
    }
  });

  it("takes a byte-order mark once, and only where the input begins", () => {
    const mark = Uint8Array.of(0xEF, 0xBB, 0xBF);
    const atStart = new TextPieces(0, undefined);
    const texts = [...mark, ...mark].map((byte) => atStart.push(Uint8Array.of(byte), false));
    expect(texts.join("")).toBe("\uFEFF");
    expect(new TextPieces(5, undefined).push(mark, true)).toBe("\uFEFF");
  });

  it("reads an encoding of several bytes line by line", () => {
    const pieces = new TextPieces(0, "shift_jis");
    expect(pieces.push(Uint8Array.of(0x93), false)).toBe("");
    expect(pieces.push(Uint8Array.of(0xFA, 10, 0x96), false)).toBe("日\n");
    expect(pieces.push(Uint8Array.of(0x7B), true)).toBe("本");
    expect(pieces.lengthOf("日\n", 0, 2)).toBe(3);
  });
});
