import { beforeAll, describe, expect, it } from "vitest";
import { compressedBytes } from "../../src/bytes/compress.ts";
import { decompressed, type DecompressOptions } from "../../src/bytes/decompress.ts";
import { InputList } from "../../src/bytes/input.ts";
import { joined } from "../../src/bytes/joined.ts";
import type { CompressionFormat } from "../../src/bytes/reader-options.ts";
import { chunked, formatsHere, sample } from "../support/compressed.ts";

let formats: CompressionFormat[] = [];
beforeAll(async () => void (formats = await formatsHere()));

/** A letter for each byte, which is quicker to compare. */
const textOf = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const text = textOf(sample);

/** The decompressed bytes as text, and the message of what fails after them. */
async function read(chunks: readonly Uint8Array[], options: DecompressOptions) {
  const source = await new InputList("read", [{ name: "a.z", content: chunks }]).next();
  const bytes: Uint8Array[] = [];
  try {
    const unpacked = decompressed(source!, options);
    for (let part = await unpacked.read(); part; part = await unpacked.read()) bytes.push(part);
    return { text: textOf(joined(bytes)) };
  } catch (error) {
    return { text: textOf(joined(bytes)), error: (error as Error).message };
  }
}

describe("decompressed", () => {
  it("decodes every format that is there, in chunks of any size", async () => {
    for (const format of formats) {
      const packed = await compressedBytes(sample, format);
      for (const size of [1, 50, packed.length]) {
        expect(await read(chunked(packed, size), { format }), format).toEqual({ text });
      }
    }
  });

  it("tells gzip, zlib and zstd by their first bytes, and passes on anything else", async () => {
    for (const format of formats.filter((each) => ["gzip", "deflate", "zstd"].includes(each))) {
      const packed = await compressedBytes(sample, format);
      expect(await read(chunked(packed, 1), { format: "auto" }), format).toEqual({ text });
    }
    expect(await read(chunked(sample, 3), { format: "auto" })).toEqual({ text });
    expect(await read([Uint8Array.of(0x1F)], { format: "auto" }))
      .toEqual({ text: "\x1F" });
    expect(await read([], { format: "auto" })).toEqual({ text: "" });
  });

  it("reads any number of members and frames, split at any byte", async () => {
    for (const format of formats.filter((each) => each === "gzip" || each === "zstd")) {
      const parts = [sample.subarray(0, 9), new Uint8Array(0), sample.subarray(9, 20)];
      const packed = joined(await Promise.all(parts.map((part) => compressedBytes(part, format))));
      for (let at = 0; at <= packed.length; at++) {
        const chunks = [packed.subarray(0, at), packed.subarray(at)];
        expect(await read(chunks, { format }), `${format}, split at ${at}`)
          .toEqual({ text: text.slice(0, 20) });
      }
    }
  });

  it("fails wherever the data is cut, after what came before", async () => {
    for (const format of formats) {
      const packed = await compressedBytes(sample, format);
      for (const end of [0, 1, 3, 20, packed.length >> 1, packed.length - 5, packed.length - 1]) {
        const { text: given, error } = await read(chunked(packed.subarray(0, end), 64), { format });
        expect(error, `${format}, cut at ${end}`).toMatch(
          new RegExp(`^Cannot read ${format} data: .+ \\(a\\.z, after ${end} bytes\\)$`),
        );
        expect(text.startsWith(given)).toBe(true);
      }
    }
  });

  it("gives what a cut file tells", async () => {
    const noise = sample.map((byte, index) => byte ^ index * index);
    const packed = await compressedBytes(noise, "gzip");
    const { text: given } = await read([packed.subarray(0, -20)], { format: "auto" });
    expect(given.length).toBeGreaterThan(noise.length - 200);
  });

  it("fails where something follows the data, after the data", async () => {
    for (const format of formats) {
      const packed = await compressedBytes(sample, format);
      for (
        const chunks of [
          [joined([packed, sample])],
          [packed, sample],
          chunked(joined([packed, sample]), 1),
        ]
      ) {
        const { text: given, error } = await read(chunks, { format });
        expect(error, format).toMatch(/^Cannot read /);
        expect(given === text, format).toBe(true);
      }
    }
  });

  it("stops where the input becomes too large", async () => {
    const packed = await compressedBytes(new Uint8Array(20_000_000), "gzip");
    const { text: given, error } = await read([packed], { format: "auto", maxBytes: 1_000_000 });
    expect(given.length).toBeLessThanOrEqual(1_000_000);
    expect(error).toMatch(
      /^Cannot read gzip data: it becomes more than 1000000 bytes, which is 'ma/,
    );
    const plain = await read([sample], { format: "auto", maxBytes: 10 });
    expect(plain.error).toMatch(/^Cannot read the input: it becomes more than 10 bytes/);
  });

  it("says what this platform lacks", async () => {
    for (const format of (["brotli", "zstd"] as const).filter((each) => !formats.includes(each))) {
      const { error } = await read([sample], { format });
      expect(error).toBe(
        `Cannot read ${format} data: this platform has no ${format}: use Node, Deno or Bun, or a ` +
          "library for it (a.z, after 0 bytes)",
      );
    }
  });
});
