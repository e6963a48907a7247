import { type CompressionPair, compressionPair } from "../../bytes/compress.ts";
import type { CompressionFormat } from "../../bytes/reader-options.ts";
import { compressionRule } from "../../bytes/reader-options.ts";
import { fail } from "../../plain-options.ts";

/**
 * Makes a pair of streams that compresses bytes. The output is one member or frame, so gzip and zstd
 * files can be concatenated.
 *
 * @throws {ConfigurationError} If `format` is unknown, or this platform does not support it.
 *
 * @example Bytes in, fewer bytes out
 * ```ts
 * import { compress } from "millrace/compression";
 * import { ok } from "node:assert/strict";
 *
 * const small = new Blob(["a".repeat(10_000)]).stream().pipeThrough(compress("gzip"));
 * ok((await new Response(small).bytes()).length < 100);
 * ```
 */
export function compress(format: CompressionFormat): CompressionPair {
  const { expected, test } = compressionRule;
  if (!test(format)) fail("compress", "format", expected, format);
  try {
    return compressionPair(format);
  } catch {
    return fail("compress", "format", "a format that this platform has", format);
  }
}
