import { describe, expect, it } from "vitest";
import { LineCutter } from "../../src/bytes/lines.ts";

const text = "\uFEFFa,é\r\n\n😀😀 long\n\uFEFFb\nend";

function encode(value: string, encoding: string): Uint8Array {
  if (encoding === "utf-8") return new TextEncoder().encode(value);
  const isBig = encoding === "utf-16be";
  const units = Array.from({ length: value.length }, (_, index) => value.charCodeAt(index));
  return Uint8Array.from(
    units.flatMap((unit) => isBig ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8]),
  );
}

/** What a cutter gives of chunks: the text of its blocks, and its lines that are too long. */
function cut(chunks: readonly Uint8Array[], maxBytes = Infinity, encoding?: string) {
  const cutter = new LineCutter({ byte: 0, encoding, maxBytes });
  const blocks = [...chunks.flatMap((chunk) => cutter.push(chunk)), ...cutter.end()];
  const texts = blocks.map((block) => [block.byte, cutter.code.decode(block.bytes)] as const);
  return { texts, whole: texts.map(([, part]) => part).join(""), blocks };
}

describe("LineCutter", () => {
  it.each(["utf-8", "utf-16le", "utf-16be"])(
    "gives whole lines of %s, split at any byte",
    (name) => {
      const bytes = encode(text, name);
      for (let at = 0; at <= bytes.length; at++) {
        const { whole, texts, blocks } = cut([bytes.subarray(0, at), bytes.subarray(at)]);
        expect(whole, `split at ${at}`).toBe(text.slice(1));
        for (const [, part] of texts.slice(0, -1)) expect(part.endsWith("\n")).toBe(true);
        for (const { byte, bytes: part } of blocks) {
          expect(part).toEqual(bytes.subarray(byte, byte + part.length));
        }
      }
      expect(cut(Array.from(bytes, (byte) => Uint8Array.of(byte))).whole).toBe(text.slice(1));
    },
  );

  it("leaves out a line that is too long, and goes on after it", () => {
    const bytes = encode("ab\n1234567\ncd\n7654321", "utf-8");
    for (let at = 0; at <= bytes.length; at++) {
      const { blocks, texts } = cut([bytes.subarray(0, at), bytes.subarray(at)], 5);
      const long = blocks.filter(({ isTooLong }) => isTooLong);
      expect(long.map(({ byte }) => byte), `split at ${at}`).toEqual([3, 14]);
      const short = texts.filter((_, index) => !blocks[index]!.isTooLong);
      expect(short.map(([byte, part]) => `${byte}${part}`).join("")).toBe("0ab\n11cd\n");
    }
  });

  it("cuts no mark where it does not begin at the first byte", () => {
    const cutter = new LineCutter({ byte: 10, maxBytes: 100 });
    const [block] = cutter.push(encode("\uFEFFa\n", "utf-8"));
    expect(block).toMatchObject({ byte: 10 });
    expect(block!.bytes.length).toBe(5);
  });

  it("keeps a mark of another encoding, which then is an error of the text", () => {
    expect(() => cut([encode("\uFEFFa", "utf-16le")], 100, "utf-8")).toThrow(TypeError);
  });

  it("fails where the bytes are not of the encoding", () => {
    expect(() => cut([Uint8Array.of(97, 0xFF, 10)])).toThrow(TypeError);
    expect(cut([Uint8Array.of(97, 0x80, 10)], 100, "windows-1252").whole).toBe("a€\n");
  });
});
