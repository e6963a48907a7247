import { webStreamOf } from "./decompress.ts";
import type { CompressionFormat } from "./reader-options.ts";
import { zlibOf, type ZlibStream, ZlibTransform } from "./zlib-transform.ts";

/** The functions of `node:zlib` that compress bytes in one call. */
const zlibNames: Readonly<Record<CompressionFormat, string>> = {
  gzip: "gzip",
  deflate: "deflate",
  "deflate-raw": "deflateRaw",
  brotli: "brotliCompress",
  zstd: "zstdCompress",
};

/**
 * Compresses bytes into a member or frame of its own. With gzip and zstd, several of them in a row are
 * read as one.
 *
 * @throws {TypeError} If this platform does not support the format.
 */
export async function compressedBytes(
  bytes: Uint8Array,
  format: CompressionFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const compress = zlibOf()?.[zlibNames[format]];
  if (compress !== undefined) {
    return await new Promise((resolve, reject) => {
      compress(bytes, (error: unknown, result: Uint8Array<ArrayBuffer>) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
  }
  const pair = webStreamOf(CompressionStream, format);
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(pair);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Returns true if `compressedBytes` supports a format through `node:zlib`. Web streams are not checked. */
export function hasZlib(format: CompressionFormat): boolean {
  return zlibOf()?.[zlibNames[format]] !== undefined;
}

/** A pair of streams that compresses bytes. */
export interface CompressionPair {
  /** The compressed bytes. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Accepts the bytes to compress. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Makes the pair of streams that compresses in a format. @throws {TypeError} If this platform lacks it. */
export function compressionPair(format: CompressionFormat): CompressionPair {
  const create = zlibOf()?.[streamNames[format] ?? ""];
  if (create === undefined) return webStreamOf(CompressionStream, format) as CompressionPair;
  const compressor = new ZlibTransform(create() as ZlibStream);
  const drain = async (controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    for (;;) {
      const step = await compressor.next();
      if (typeof step === "string") return;
      controller.enqueue(step as Uint8Array<ArrayBuffer>);
    }
  };
  return new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
    async transform(chunk, controller) {
      compressor.feed(chunk);
      await drain(controller);
    },
    async flush(controller) {
      compressor.finish();
      await drain(controller);
    },
    cancel: () => compressor.cancel(),
  } as Transformer<Uint8Array, Uint8Array<ArrayBuffer>>);
}

/** Functions of `node:zlib` that make streams for the formats that `CompressionStream` may lack. */
const streamNames: Partial<Record<CompressionFormat, string>> = {
  brotli: "createBrotliCompress",
  zstd: "createZstdCompress",
};
