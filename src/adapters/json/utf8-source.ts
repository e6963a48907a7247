import type { ByteSource } from "../../bytes/input.ts";
import { joined } from "../../bytes/joined.ts";
import { RecordError } from "../../bytes/record-error.ts";
import { longestMark, textCodeOf } from "../../bytes/text.ts";
import { messageOf } from "../../errors.ts";

/** Converts a source in any encoding to UTF-8 without a byte-order mark. */
export async function utf8Source(source: ByteSource, encoding?: string): Promise<ByteSource> {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < longestMark;) {
    const chunk = await source.read();
    if (chunk === undefined) break;
    parts.push(chunk);
    length += chunk.length;
  }
  const start = parts.length === 1 ? parts[0]! : joined(parts);
  const code = textCodeOf(start, source.isText ? "utf-8" : encoding);
  const { byte, line } = source.from;
  let next: Uint8Array | undefined = start.subarray(code.mark);
  const read = async () => {
    const chunk = next === undefined || next.length === 0 ? await source.read() : next;
    next = undefined;
    return chunk;
  };
  return {
    name: source.name,
    label: source.label,
    from: { byte: byte + code.mark, line },
    isText: source.isText,
    read: code.encoding === "utf-8" ? read : transcoded(source, code.encoding, read),
    cancel: (reason) => source.cancel(reason),
  };
}

function transcoded(
  { name, from }: ByteSource,
  encoding: string,
  read: () => Promise<Uint8Array | undefined>,
): () => Promise<Uint8Array | undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const encoder = new TextEncoder();
  let byte = from.byte;
  let line = from.line;
  const decode = (chunk: Uint8Array | undefined) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      const reason = `document as ${encoding}: ${messageOf(cause)}`;
      throw new RecordError(reason, { name, line, byte }, { cause });
    }
  };
  return async () => {
    for (;;) {
      const chunk = await read();
      const text = decode(chunk);
      byte += chunk?.length ?? 0;
      line += text.split("\n").length - 1;
      if (text !== "") return encoder.encode(text);
      if (chunk === undefined) return undefined;
    }
  };
}
