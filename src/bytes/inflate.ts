/**
 * Inflate (RFC 1951) for hosts whose `DecompressionStream` cannot tell where a deflate stream ends. That
 * is needed if several gzip members follow each other.
 * @module
 */

import type { Inflater, Step } from "./decoder.ts";
import { joined } from "./joined.ts";

/** The base and the number of extra bits of each code of a length, from 257 on. */
const lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83]
  .concat([99, 115, 131, 163, 195, 227, 258]);
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5]
  .concat([5, 0]);
/** The number of extra bits of each code of a distance; the bases follow from them. */
const distanceBits = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
const distanceBase = distanceBits.map((_, code) =>
  1 + distanceBits.slice(0, code).reduce((sum, bits) => sum + 2 ** bits, 0)
);
/** The order in which the lengths of the length codes are stored. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Maximum distance of a copy, and number of bytes to decode at once. */
const windowSize = 32_768;
const blockSize = 65_536;
const longestCopy = 258;

/** For each code, read from its last bit: its symbol × 16 + its length; 0 if there is no such code. */
interface Codes {
  readonly table: Uint16Array;
  readonly mask: number;
}

const nothing = new Uint8Array(0);

/** Thrown internally when the input is too short; the header of the block is then read again. */
const hungry = Symbol("hungry");

/** Decodes one stream of deflate, whose input comes in chunks. */
export class Inflate implements Inflater {
  #input: Uint8Array = nothing;
  #at = 0;
  /** Bits read from the input but not used yet, the next one lowest; and their number. */
  #hold = 0;
  #held = 0;
  /** The window, followed by the bytes being decoded. */
  readonly #output = new Uint8Array(windowSize + blockSize + longestCopy);
  #end = windowSize;
  /** Farthest distance of a copy back from there. */
  #reach = 0;
  #isLastBlock = false;
  /** The codes of the block that is being decoded, unless it is a stored one. */
  #literals: Codes | undefined;
  #distances: Codes = { table: new Uint16Array(1), mask: 0 };
  /** The bytes that are left of a stored block. */
  #stored = 0;
  #isDone = false;

  feed(chunk: Uint8Array): void {
    const left = this.#input.subarray(this.#at);
    this.#input = left.length === 0 ? chunk : joined([left, chunk]);
    this.#at = 0;
  }

  cancel(): void {
    this.#input = nothing;
  }

  // deno-lint-ignore require-await -- What is thrown is to reject, as it does natively.
  async next(): Promise<Step> {
    while (!this.#isDone && this.#end < windowSize + blockSize) {
      if (!this.#advance()) break;
    }
    if (this.#end === windowSize) return this.#isDone ? "done" : "hungry";
    const output = this.#output.slice(windowSize, this.#end);
    this.#output.copyWithin(0, this.#end - windowSize, this.#end);
    this.#reach = Math.min(windowSize, this.#reach + output.length);
    this.#end = windowSize;
    return output;
  }

  rest(): Uint8Array {
    this.#alignToByte();
    const held = Array.from(
      { length: this.#held >> 3 },
      (_, index) => (this.#hold >>> (8 * index)) & 255,
    );
    return joined([Uint8Array.from(held), this.#input.subarray(this.#at)]);
  }

  /** Does a part of the work; returns false if the input is too short for it. */
  #advance(): boolean {
    if (this.#stored > 0) return this.#copyStored();
    if (this.#literals !== undefined) return this.#decode();
    if (this.#isLastBlock) {
      this.#isDone = true;
      return true;
    }
    return this.#tried(() => this.#beginBlock());
  }

  #beginBlock(): void {
    const isLast = this.#bits(1) === 1;
    const kind = this.#bits(2);
    if (kind === 3) throw corrupt("a block of an unknown kind");
    if (kind === 0) this.#stored = this.#storedLength();
    else if (kind === 1) [this.#literals, this.#distances] = fixedCodes();
    else [this.#literals, this.#distances] = this.#dynamicCodes();
    this.#isLastBlock = isLast;
  }

  #storedLength(): number {
    this.#alignToByte();
    const length = this.#bits(16);
    if ((this.#bits(16) ^ length) !== 0xFFFF) throw corrupt("a stored block of a wrong length");
    return length;
  }

  #dynamicCodes(): [literals: Codes, distances: Codes] {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const count = this.#bits(4) + 4;
    const ofLengths = new Uint8Array(19);
    for (const symbol of lengthOrder.slice(0, count)) ofLengths[symbol] = this.#bits(3);
    const codes = codesOf(ofLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let index = 0; index < lengths.length;) {
      const symbol = this.#symbol(codes);
      if (symbol < 16) {
        lengths[index++] = symbol;
        continue;
      }
      if (symbol === 16 && index === 0) throw corrupt("a length that repeats none");
      const value = symbol === 16 ? lengths[index - 1]! : 0;
      const times = symbol === 18 ? 11 + this.#bits(7) : 3 + this.#bits(symbol === 16 ? 2 : 3);
      if (index + times > lengths.length) throw corrupt("too many lengths");
      lengths.fill(value, index, index += times);
    }
    if (lengths[256] === 0) throw corrupt("a block without an end");
    return [codesOf(lengths.subarray(0, literals)), codesOf(lengths.subarray(literals))];
  }

  #copyStored(): boolean {
    const output = this.#output;
    for (; this.#held >= 8 && this.#stored > 0; this.#stored--) output[this.#end++] = this.#bits(8);
    const room = windowSize + blockSize - this.#end;
    const part = this.#input.subarray(
      this.#at,
      this.#at + Math.max(0, Math.min(this.#stored, room)),
    );
    output.set(part, this.#end);
    this.#at += part.length;
    this.#end += part.length;
    this.#stored -= part.length;
    return part.length > 0 || this.#stored === 0;
  }

  /** Decodes symbols until the block ends, there is enough output, or too little input. */
  #decode(): boolean {
    while (this.#literals !== undefined && this.#end < windowSize + blockSize) {
      // No symbol with its copy needs more than eight bytes.
      if (this.#input.length - this.#at >= 8) this.#decodeOne(this.#literals);
      else if (!this.#tried(() => this.#decodeOne(this.#literals!))) return false;
    }
    return true;
  }

  #decodeOne(literals: Codes): void {
    const symbol = this.#symbol(literals);
    if (symbol < 256) {
      this.#output[this.#end++] = symbol;
      return;
    }
    if (symbol === 256) {
      this.#literals = undefined;
      return;
    }
    if (symbol > 285) throw corrupt("an unknown length");
    const length = lengthBase[symbol - 257]! + this.#bits(lengthBits[symbol - 257]!);
    const code = this.#symbol(this.#distances);
    if (code > 29) throw corrupt("an unknown distance");
    const distance = distanceBase[code]! + this.#bits(distanceBits[code]!);
    if (distance > this.#end - windowSize + this.#reach) throw corrupt("a distance too far back");
    const output = this.#output;
    const end = this.#end + length;
    for (let at = this.#end; at < end; at++) output[at] = output[at - distance]!;
    this.#end = end;
  }

  /** Takes a step, or none if the input is too short for it. */
  #tried(step: () => void): boolean {
    const [at, hold, held] = [this.#at, this.#hold, this.#held];
    try {
      step();
      return true;
    } catch (error) {
      if (error !== hungry) throw error;
      [this.#at, this.#hold, this.#held] = [at, hold, held];
      return false;
    }
  }

  #fill(): void {
    const input = this.#input;
    while (this.#held <= 24 && this.#at < input.length) {
      this.#hold |= input[this.#at++]! << this.#held;
      this.#held += 8;
    }
  }

  #bits(count: number): number {
    if (this.#held < count) this.#fill();
    if (this.#held < count) throw hungry;
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#held -= count;
    return value;
  }

  #symbol({ table, mask }: Codes): number {
    if (this.#held < 15) this.#fill();
    const entry = table[this.#hold & mask]!;
    const used = entry & 15;
    if (used === 0 && this.#held >= 15) throw corrupt("an unknown code");
    if (used === 0 || used > this.#held) throw hungry;
    this.#hold >>>= used;
    this.#held -= used;
    return entry >> 4;
  }

  #alignToByte(): void {
    this.#bits(this.#held % 8);
  }
}

/** Builds the table of the codes from the length of each symbol (RFC 1951, 3.2.2); 0 is no code. */
function codesOf(lengths: Uint8Array): Codes {
  const longest = Math.max(1, ...lengths);
  const table = new Uint16Array(1 << longest);
  let code = 0;
  for (let length = 1; length <= longest; length++, code <<= 1) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      if (code >> length > 0) throw corrupt("more codes than there can be");
      for (let index = reversed(code, length); index < table.length; index += 1 << length) {
        table[index] = symbol << 4 | length;
      }
      code++;
    }
  }
  return { table, mask: table.length - 1 };
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= (code >> bit & 1) << (length - 1 - bit);
  return result;
}

/** Returns the codes of a block that has no codes of its own. */
function fixedCodes(): [literals: Codes, distances: Codes] {
  const lengths = Uint8Array.from(
    { length: 288 },
    (_, symbol) => symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
  );
  return [codesOf(lengths), codesOf(new Uint8Array(30).fill(5))];
}

function corrupt(what: string): TypeError {
  return new TypeError(`the data is corrupt: it has ${what}`);
}

/** Returns the CRC-32 of bytes (RFC 1952) that continue those of another CRC. */
export function crc32(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xEDB88320 : crc >>> 1;
  return crc;
});
