import { compressedBytes } from "../../src/bytes/compress.ts";
import type { CompressionFormat } from "../../src/bytes/reader-options.ts";

/** The formats that this platform compresses and decompresses. */
export async function formatsHere(): Promise<CompressionFormat[]> {
  const here: CompressionFormat[] = ["gzip", "deflate", "deflate-raw"];
  for (const format of ["brotli", "zstd"] as const) {
    const isHere = await compressedBytes(new Uint8Array(1), format).then(() => true, () => false);
    if (isHere) here.push(format);
  }
  return here;
}

/** A text of some kilobytes that shrinks to a few hundred bytes, as bytes. */
export const sample: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  Array.from({ length: 200 }, (_, id) => `{"id":${id},"name":"näme ${id * id % 251}"}\n`).join(""),
);

/** Chunks of a few bytes. */
export function chunked(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => bytes.subarray(index * size, (index + 1) * size),
  );
}
