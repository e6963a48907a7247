import { cutShort, type Decoder, type Inflater, type Step, trailingData } from "./decoder.ts";
import { joined } from "./joined.ts";

const nothing = new Uint8Array(0);

/** Functions that read the parts of a member, natively or not. */
export interface GzipTools {
  /** Makes the deflate decoder of one member. */
  inflater(): Inflater;
  /** Returns the CRC-32 of bytes that continue those of another CRC. */
  crc32(bytes: Uint8Array, before: number): number;
}

/**
 * Decodes gzip (RFC 1952), member after member. `DecompressionStream` fails after the first member, and
 * `node:zlib` drops all data after zeros between two members.
 */
export class GzipDecoder implements Decoder {
  readonly #tools: GzipTools;
  /** Input that was not read yet. */
  #input: Uint8Array = nothing;
  #isAtEnd = false;
  #isFirst = true;
  #part: "header" | "body" | "trailer" = "header";
  #inflater: Inflater | undefined;
  #crc = 0;
  #size = 0;

  constructor(tools: GzipTools) {
    this.#tools = tools;
  }

  feed(chunk: Uint8Array): void {
    if (this.#part === "body") this.#inflater?.feed(chunk);
    else this.#input = this.#input.length === 0 ? chunk : joined([this.#input, chunk]);
  }

  end(): void {
    this.#isAtEnd = true;
  }

  cancel(): void {
    this.#inflater?.cancel();
  }

  async next(): Promise<Step> {
    for (;;) {
      if (this.#part === "body") {
        const step = await this.#decode();
        if (step !== undefined) return step;
      } else if (!(this.#part === "header" ? this.#readHeader() : this.#readTrailer())) {
        if (!this.#isAtEnd) return "hungry";
        if (this.#part === "header" && !this.#isFirst && this.#input.length === 0) return "done";
        throw cutShort();
      }
    }
  }

  /** Reads the header of a member, once all of it is available. */
  #readHeader(): boolean {
    if (!this.#isFirst) { // Files are padded with zeros.
      const start = this.#input.findIndex((byte) => byte !== 0);
      this.#input = start < 0 ? nothing : this.#input.subarray(start);
    }
    const end = headerEnd(this.#input, this.#isFirst);
    if (end === undefined) return false;
    this.#isFirst = false;
    this.#part = "body";
    this.#inflater = this.#tools.inflater();
    if (end < this.#input.length) this.#inflater.feed(this.#input.subarray(end));
    this.#input = nothing;
    this.#crc = this.#size = 0;
    return true;
  }

  /** Decodes a step of the member; returns `undefined` at its end. */
  async #decode(): Promise<Step | undefined> {
    const step = await this.#inflater!.next();
    if (step === "hungry") {
      if (this.#isAtEnd) throw cutShort(); // Or it has ended just here, and its trailer is missing.
      return step;
    }
    if (step === "done") {
      this.#input = this.#inflater!.rest();
      this.#inflater!.cancel();
      this.#part = "trailer";
      return undefined;
    }
    this.#crc = this.#tools.crc32(step, this.#crc);
    this.#size = (this.#size + step.length) >>> 0;
    return step;
  }

  /** Reads and checks the trailer of a member, once all of it is available. */
  #readTrailer(): boolean {
    const input = this.#input;
    if (input.length < 8) return false;
    const view = new DataView(input.buffer, input.byteOffset, 8);
    if (view.getUint32(0, true) !== this.#crc) throw new TypeError("incorrect data check");
    if (view.getUint32(4, true) !== this.#size) throw new TypeError("incorrect length check");
    this.#input = input.subarray(8);
    this.#part = "header";
    return true;
  }
}

/** Returns the place after the header of a member; `undefined` if the header continues after the input. */
function headerEnd(input: Uint8Array, isFirst: boolean): number | undefined {
  const magic = [0x1F, 0x8B, 8];
  if (magic.some((byte, index) => index < input.length && input[index] !== byte)) {
    throw isFirst ? new TypeError("incorrect header check") : trailingData();
  }
  if (input.length < 10) return undefined;
  const flags = input[3]!;
  if ((flags & 0xE0) !== 0) throw new TypeError("unknown header flags set");
  let end = 10;
  if (flags & 4) {
    if (input.length < 12) return undefined;
    end = 12 + input[10]! + 256 * input[11]!;
  }
  for (const flag of [8, 16]) { // A name and a comment, which end with a zero.
    if ((flags & flag) === 0) continue;
    end = input.indexOf(0, end) + 1;
    if (end === 0) return undefined;
  }
  if (flags & 2) end += 2;
  return end <= input.length ? end : undefined;
}
