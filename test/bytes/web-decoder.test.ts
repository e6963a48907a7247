import { describe, expect, it } from "vitest";
import { compressedBytes } from "../../src/bytes/compress.ts";
import { WebDecoder } from "../../src/bytes/web-decoder.ts";
import { chunked, sample } from "../support/compressed.ts";
import { decode } from "../support/decoders.ts";

const inflate = (chunks: readonly Uint8Array[]) =>
  decode(new WebDecoder(new DecompressionStream("deflate")), chunks);

describe("WebDecoder", () => {
  it("decodes chunks of any size", async () => {
    const bytes = await compressedBytes(sample, "deflate");
    for (const size of [1, 100, bytes.length]) {
      expect(await inflate(chunked(bytes, size))).toMatchObject({
        bytes: { length: sample.length },
      });
    }
    const large = new Uint8Array(3_000_000).map((_, index) => index * index >> 7);
    const chunks = [await compressedBytes(large, "deflate")];
    expect((await inflate(chunks)).bytes.length).toBe(large.length);
  });

  it("fails where the data is cut or corrupt, or something follows it", async () => {
    const bytes = await compressedBytes(sample, "deflate");
    // Deno's own stream takes a cut one for whole; there `node:zlib` is what decodes.
    const isToldHere = !("Deno" in globalThis);
    if (isToldHere) expect(await inflate([bytes.subarray(0, -1)])).toHaveProperty("error");
    expect(await inflate([bytes.with(0, 1)])).toHaveProperty("error");
    expect(await inflate([bytes, Uint8Array.of(1)])).toHaveProperty("error");
  });
});
