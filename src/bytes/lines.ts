import { joined } from "./joined.ts";
import { afterBreak, afterLastBreak, longestMark, type TextCode, textCodeOf } from "./text.ts";

/** Whole lines of an input, each with its break. The last line of the input may have none. */
export interface LineBlock {
  /** The bytes of the lines, or the beginning of one line that is too long. */
  readonly bytes: Uint8Array;
  /** The offset of their first byte in the input. */
  readonly byte: number;
  /** True if this is one line of more than `maxBytes`, whose rest is left out. */
  readonly isTooLong: boolean;
}

/** Options of a `LineCutter`. */
export interface LineCutterOptions {
  /** The offset of the first byte. A byte-order mark is looked for only at 0. */
  readonly byte: number;
  /** The name of the encoding. By default the byte-order mark decides, otherwise UTF-8. */
  readonly encoding?: string | undefined;
  /** The maximum size of one line in bytes, including its break. */
  readonly maxBytes: number;
}

/** Maximum bytes of a line that is too long to keep for its error. */
const keptBytes = 1024;

/**
 * Cuts chunks of bytes into blocks of whole lines. A block is decoded at once, so a character that two
 * chunks share needs no special care. A very long line is joined once, when it ends.
 */
export class LineCutter {
  readonly #options: LineCutterOptions;
  #code: TextCode | undefined;
  /** Bytes that cannot be cut yet: too few to detect the encoding, or half of a two-byte unit. */
  #carry: Uint8Array = nothing;
  /** The chunks of the line that has not ended, and their length. */
  #rest: Uint8Array[] = [];
  #restLength = 0;
  /** The offset of the first byte that is not in a block yet. */
  #byte: number;
  /** True if the line that has not ended was abandoned. */
  #isSkipping = false;

  /** Starts before the first byte. */
  constructor(options: LineCutterOptions) {
    this.#options = options;
    this.#byte = options.byte;
    if (options.byte > 0) this.#code = textCodeOf(nothing, options.encoding);
  }

  /** Encoding of the blocks, known after the first one. */
  get code(): TextCode {
    return this.#code ??= textCodeOf(nothing, this.#options.encoding);
  }

  /** Returns the lines that a chunk completes. */
  push(chunk: Uint8Array): LineBlock[] {
    const blocks: LineBlock[] = [];
    let bytes = this.#carry.length > 0 ? joined([this.#carry, chunk]) : chunk;
    this.#carry = nothing;
    if (this.#code === undefined) {
      if (bytes.length < longestMark) {
        this.#carry = bytes;
        return blocks;
      }
      bytes = this.#begin(bytes);
    }
    const isHalf = bytes.length % 2 === 1 && this.code.unit === 2;
    if (isHalf) {
      this.#carry = bytes.slice(-1);
      bytes = bytes.subarray(0, -1);
    }
    this.#cut(bytes, blocks);
    return blocks;
  }

  /** Returns the last line, if it has no break. */
  end(): LineBlock[] {
    const blocks: LineBlock[] = [];
    const bytes = this.#code === undefined ? this.#begin(this.#carry) : this.#carry;
    this.#carry = nothing;
    this.#keep(bytes, blocks);
    this.#endLine(blocks);
    return blocks;
  }

  /** Examines the first bytes of the input, and returns them without the byte-order mark. */
  #begin(bytes: Uint8Array): Uint8Array {
    const { mark } = this.#code = textCodeOf(bytes, this.#options.encoding);
    this.#byte += mark;
    return bytes.subarray(mark);
  }

  #cut(bytes: Uint8Array, blocks: LineBlock[]): void {
    const { encoding } = this.code;
    const end = afterLastBreak(bytes, encoding);
    let from = 0;
    if (end > 0 && (this.#restLength > 0 || this.#isSkipping)) {
      from = afterBreak(bytes, 0, encoding); // The end of the line that earlier chunks began.
      this.#keep(bytes.subarray(0, from), blocks);
      this.#endLine(blocks);
    }
    const lines = bytes.subarray(from, end);
    if (lines.length <= this.#options.maxBytes) this.#give(lines, blocks);
    else this.#giveEach(lines, blocks);
    this.#keep(bytes.subarray(end), blocks);
  }

  /** Adds to the line that has not ended, unless it is too long. */
  #keep(bytes: Uint8Array, blocks: LineBlock[]): void {
    if (bytes.length === 0) return;
    if (this.#isSkipping) {
      this.#byte += bytes.length;
      return;
    }
    this.#rest.push(bytes);
    this.#restLength += bytes.length;
    if (this.#restLength > this.#options.maxBytes) this.#giveUp(blocks);
  }

  #giveUp(blocks: LineBlock[]): void {
    const kept = Math.min(keptBytes, this.#options.maxBytes);
    const start = joined(this.#rest).slice(0, kept - kept % this.code.unit);
    blocks.push({ bytes: start, byte: this.#byte, isTooLong: true });
    this.#byte += this.#restLength;
    this.#rest = [];
    this.#restLength = 0;
    this.#isSkipping = true;
  }

  #endLine(blocks: LineBlock[]): void {
    this.#isSkipping = false;
    const [only] = this.#rest;
    if (only === undefined) return;
    const line = this.#rest.length === 1 ? only : joined(this.#rest);
    this.#rest = [];
    this.#restLength = 0;
    this.#give(line, blocks);
  }

  /** Adds lines one by one, as some may be too long. */
  #giveEach(lines: Uint8Array, blocks: LineBlock[]): void {
    for (let from = 0; from < lines.length;) {
      const end = afterBreak(lines, from, this.code.encoding);
      this.#keep(lines.subarray(from, end), blocks);
      this.#endLine(blocks);
      from = end;
    }
  }

  #give(bytes: Uint8Array, blocks: LineBlock[]): void {
    if (bytes.length === 0) return;
    blocks.push({ bytes, byte: this.#byte, isTooLong: false });
    this.#byte += bytes.length;
  }
}

const nothing = new Uint8Array(0);
