import { decompressed } from "../../bytes/decompress.ts";
import type { Input } from "../../bytes/input.ts";
import { type CompressionFormat, formatRule } from "../../bytes/reader-options.ts";
import { byteStream } from "../../bytes/records.ts";
import { checkOptions, type OptionTable, positiveIntegerOrInfinity } from "../../plain-options.ts";

/** The options of `decompress`. */
export interface DecompressOptions {
  /**
   * Compression of the input. `"auto"` detects gzip, zstd and zlib by their first bytes, and passes
   * anything else through unchanged. Brotli and raw deflate cannot be detected and must be named.
   * @default {"auto"}
   */
  readonly format?: "auto" | "none" | CompressionFormat | undefined;
  /**
   * The maximum decompressed size of one input, in bytes. Exceeding it is an `InputError`. Set it for
   * untrusted input: a small file can unpack to a huge one. @default {Infinity}
   */
  readonly maxBytes?: number | undefined;
}

const table: OptionTable<DecompressOptions> = {
  format: [formatRule, "auto"],
  maxBytes: [positiveIntegerOrInfinity, Infinity],
};

/**
 * Decompresses bytes as they arrive: gzip with any number of members, zstd with any number of frames,
 * zlib, raw deflate and brotli. Several inputs yield their bytes one after the other.
 *
 * Nothing is read before it is requested, and nothing ahead. If the data is truncated or corrupt,
 * everything before that is yielded first, and the error names the input and the bytes read from it.
 * Cancelling cancels the input, even while a read is pending.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or `input` cannot be read from.
 *
 * @example Two members, as log rotation writes them
 * ```ts
 * import { compress, decompress } from "millrace/compression";
 * import { equal } from "node:assert/strict";
 *
 * const member = (text: string) =>
 *   new Response(new Blob([text]).stream().pipeThrough(compress("gzip"))).blob();
 * const file = new Blob([await member("one, "), await member("two")]);
 * equal(await new Response(decompress(file)).text(), "one, two");
 * ```
 */
export function decompress(
  input: Input,
  options: DecompressOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const action = "decompress";
  const { format, maxBytes } = checkOptions(action, options, table);
  return byteStream({
    action,
    input,
    prepare: (source) => decompressed(source, { format, maxBytes }),
  }) as ReadableStream<Uint8Array<ArrayBuffer>>;
}
