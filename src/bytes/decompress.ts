import { messageOf } from "../errors.ts";
import { type Decoder, OneStream } from "./decoder.ts";
import { GzipDecoder } from "./gzip-decoder.ts";
import { crc32, Inflate } from "./inflate.ts";
import type { ByteSource, InputStart } from "./input.ts";
import { joined } from "./joined.ts";
import type { CompressionFormat } from "./reader-options.ts";
import { InputError } from "./record-error.ts";
import { WebDecoder } from "./web-decoder.ts";
import { zlibOf, type ZlibStream, ZlibTransform } from "./zlib-transform.ts";
import { ZstdDecoder } from "./zstd-decoder.ts";

/** Options of `decompressed`. */
export interface DecompressOptions {
  /** Format of the input; `"auto"` detects gzip, zstd and zlib by their first bytes. */
  readonly format: "auto" | "none" | CompressionFormat;
  /** Maximum number of decompressed bytes. */
  readonly maxBytes?: number | undefined;
}

/** Decompresses the bytes of a source, or returns the source if it is not compressed. */
export function decompressed(source: ByteSource, options: DecompressOptions): ByteSource {
  const { maxBytes = Infinity } = options;
  const format = options.format === "auto" && source.isText ? "none" : options.format;
  return format === "none" && maxBytes === Infinity
    ? source
    : new Decompressed(source, format, maxBytes);
}

class Decompressed implements ByteSource {
  readonly name: string;
  readonly label: string | undefined;
  readonly from: InputStart;
  readonly isText: boolean;
  readonly #source: ByteSource;
  readonly #maxBytes: number;
  #format: DecompressOptions["format"];
  #decoder: Decoder | undefined;
  /** Bytes that were read to detect the format. */
  #start: Uint8Array | undefined;
  /** Number of bytes read, and of bytes they became. */
  #read = 0;
  #given = 0;

  constructor(source: ByteSource, format: DecompressOptions["format"], maxBytes: number) {
    this.name = source.name;
    this.label = source.label;
    this.from = source.from;
    this.isText = source.isText;
    this.#source = source;
    this.#format = format;
    this.#maxBytes = maxBytes;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#format === "auto") await this.#sniff();
    const bytes = this.#format === "none" ? await this.#next() : await this.#decode();
    this.#given += bytes?.length ?? 0;
    if (this.#given > this.#maxBytes) {
      throw this.#failure(`it becomes more than ${this.#maxBytes} bytes, which is 'maxBytes'`);
    }
    return bytes;
  }

  async cancel(reason: unknown): Promise<void> {
    this.#decoder?.cancel();
    await this.#source.cancel(reason);
  }

  async #decode(): Promise<Uint8Array | undefined> {
    for (;;) {
      const decoder = this.#decoder ??= this.#open();
      const step = await decoder.next().catch((error) => {
        decoder.cancel();
        throw this.#failure(messageOf(error), error);
      });
      if (step === "done") return undefined;
      if (step !== "hungry") return step;
      const chunk = await this.#next();
      if (chunk === undefined) decoder.end();
      else decoder.feed(chunk);
    }
  }

  #open(): Decoder {
    try {
      return decoderOf(this.#format as CompressionFormat);
    } catch (error) {
      throw this.#failure(messageOf(error), error);
    }
  }

  /** Returns the next bytes of the source, beginning with those read to detect the format. */
  async #next(): Promise<Uint8Array | undefined> {
    const chunk = this.#start ?? await this.#source.read();
    this.#start = undefined;
    this.#read += chunk?.length ?? 0;
    return chunk;
  }

  /** Detects the format from the first bytes. A file that is read from a later place is not compressed. */
  async #sniff(): Promise<void> {
    const parts: Uint8Array[] = [];
    for (let length = 0; length < 4 && this.from.byte === 0;) {
      const chunk = await this.#source.read();
      if (chunk === undefined) break;
      parts.push(chunk);
      length += chunk.length;
    }
    const [first] = parts;
    if (first !== undefined) this.#start = parts.length === 1 ? first : joined(parts);
    this.#format = this.#start === undefined ? "none" : formatOf(this.#start);
  }

  #failure(reason: string, cause?: unknown): InputError {
    const what = this.#format === "none" ? "the input" : `${this.#format} data`;
    return new InputError(`${what}: ${reason}`, this.name, this.#read, { cause });
  }
}

/** The first bytes of formats that can be detected. */
const magics: readonly (readonly [format: CompressionFormat, ...bytes: number[]])[] = [
  ["gzip", 0x1F, 0x8B, 8],
  ["zstd", 0x28, 0xB5, 0x2F, 0xFD],
  // Of the four beginnings of zlib, "x^" could be text.
  ["deflate", 0x78, 0x01],
  ["deflate", 0x78, 0x9C],
  ["deflate", 0x78, 0xDA],
];

function formatOf(start: Uint8Array): "none" | CompressionFormat {
  const [format = "none"] =
    magics.find(([, ...bytes]) => bytes.every((byte, index) => start[index] === byte)) ?? [];
  const isSkippable = start[0]! >> 4 === 5 && start[1] === 0x2A && start[2] === 0x4D;
  return isSkippable && start[3] === 0x18 ? "zstd" : format; // As parallel zstd begins.
}

/** The functions of `node:zlib` that make decoders of one stream. */
const zlibNames: Readonly<Record<CompressionFormat, string>> = {
  gzip: "createInflateRaw", // Of one member: headers and trailers are read here.
  deflate: "createInflate",
  "deflate-raw": "createInflateRaw",
  brotli: "createBrotliDecompress",
  zstd: "createZstdDecompress",
};

/**
 * Makes the decoder of a format.
 *
 * @throws {TypeError} If this platform does not support it.
 */
function decoderOf(format: CompressionFormat): Decoder {
  const zlib = zlibOf();
  const create = zlib?.[zlibNames[format]];
  const inflater = () => new ZlibTransform(create!() as ZlibStream);
  if (format === "gzip") {
    return new GzipDecoder({
      inflater: create === undefined ? () => new Inflate() : inflater,
      crc32: zlib?.["crc32"] as typeof crc32 | undefined ?? crc32,
    });
  }
  if (create !== undefined) {
    return format === "zstd" ? new ZstdDecoder(inflater()) : new OneStream(inflater());
  }
  return new WebDecoder(webStreamOf(DecompressionStream, format));
}

type WebStream = new (format: never) => ReadableWritablePair<Uint8Array<ArrayBuffer>, unknown>;

/** Makes a stream of the platform; throws a readable error if it does not support the format. */
export function webStreamOf(
  type: WebStream,
  format: CompressionFormat,
): ReadableWritablePair<Uint8Array<ArrayBuffer>, unknown> {
  try {
    return new type(format as never);
  } catch (cause) {
    const advice = "use Node, Deno or Bun, or a library for it";
    throw new TypeError(`this platform has no ${format}: ${advice}`, { cause });
  }
}
