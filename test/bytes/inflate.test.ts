import { describe, expect, it } from "vitest";
import { compressedBytes } from "../../src/bytes/compress.ts";
import { OneStream } from "../../src/bytes/decoder.ts";
import { crc32, Inflate } from "../../src/bytes/inflate.ts";
import { chunked, sample } from "../support/compressed.ts";
import { decode } from "../support/decoders.ts";

/** Numbers that look random, the same each time. */
function noise(length: number): Uint8Array {
  let seed = 7;
  return Uint8Array.from(
    { length },
    () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) >> 24,
  );
}

const inflate = (chunks: readonly Uint8Array[]) => decode(new OneStream(new Inflate()), chunks);

describe("Inflate", () => {
  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["a byte", Uint8Array.of(97)],
    ["text", sample],
    ["zeros", new Uint8Array(200_000)],
    ["what cannot be compressed", noise(150_000)],
    ["what repeats from afar", new Uint8Array([...noise(32_000), ...noise(32_000)])],
  ])("decodes %s, in chunks of any size", async (_, bytes) => {
    const raw = await compressedBytes(bytes, "deflate-raw");
    for (const size of [raw.length, 4099, ...(raw.length < 5000 ? [1, 2, 7] : [])]) {
      const { bytes: decoded, error } = await inflate(chunked(raw, size));
      expect(error).toBeUndefined();
      expect(decoded.length).toBe(bytes.length);
      expect(crc32(decoded, 0), `chunks of ${size}`).toBe(crc32(bytes, 0));
    }
  });

  it("tells what follows the stream, also where that came with an earlier chunk", async () => {
    const raw = await compressedBytes(sample, "deflate-raw");
    const whole = new Uint8Array([...raw, 1, 2, 3, 4, 5, 6]);
    for (let at = raw.length - 9; at <= whole.length; at++) {
      const stream = new Inflate();
      const chunks = [whole.subarray(0, at), whole.subarray(at)];
      for (let step = await stream.next(); step !== "done"; step = await stream.next()) {
        if (step === "hungry") stream.feed(chunks.shift()!);
      }
      expect([...stream.rest(), ...chunks.flatMap((chunk) => [...chunk])]).toEqual([
        1,
        2,
        3,
        4,
        5,
        6,
      ]);
    }
  });

  it.each<[string, number[]]>([
    ["a block of an unknown kind", [0b111]],
    ["a stored block of a wrong length", [1, 5, 0, 0, 0]],
    ["a distance too far back", [0x63, 0x00, 0x12, 0x00]],
  ])("refuses %s", async (words, bytes) => {
    const { error } = await inflate([Uint8Array.from(bytes)]);
    expect(error).toBe(`the data is corrupt: it has ${words}`);
  });

  it("fails or gives something, and never hangs, whatever byte is wrong", async () => {
    const raw = await compressedBytes(sample.subarray(0, 600), "deflate-raw");
    for (let at = 0; at < raw.length; at++) {
      const wrong = raw.slice();
      wrong[at]! ^= 1 << at % 8;
      const { bytes } = await inflate([wrong]);
      expect(bytes.length).toBeLessThan(1_000_000);
    }
  });
});

describe("crc32", () => {
  it("is that of the standard, also in parts", () => {
    const bytes = new TextEncoder().encode("123456789");
    expect(crc32(bytes, 0)).toBe(0xCBF43926);
    expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4), 0))).toBe(0xCBF43926);
  });
});
