import { compressedBytes } from "../../bytes/compress.ts";
import { joined } from "../../bytes/joined.ts";
import { fileParts } from "../../bytes/row-encoder.ts";
import type { EncodedRows } from "./held-key.ts";
import type { ObjectSinkSettings } from "./sink-options.ts";

const endings = { none: "", gzip: ".gz", zstd: ".zst" };

/** Encodes rows as a whole object. @throws {BatchError} If some cannot be encoded. */
export async function encodePart<T>(
  rows: readonly T[],
  { format, compress }: ObjectSinkSettings<T>,
): Promise<EncodedRows> {
  const parts = fileParts(format, rows).map(bytesOf).filter(({ length }) => length > 0);
  const plain = parts.length === 1 ? parts[0]! : joined(parts); // JSON lines need no copy.
  const bytes = compress === "none" ? plain : await compressedBytes(plain, compress);
  const { extension, contentType } = format;
  return { bytes, rows: rows.length, ending: extension + endings[compress], contentType };
}

function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? new TextEncoder().encode(part) : part;
}
