import { longestMark, type TextCode, textCodeOf } from "../../bytes/text.ts";

/**
 * Decodes bytes that arrive in pieces, cut anywhere, and returns the byte length of any part of the text.
 * Bytes that are invalid in the encoding damage only the record that contains them.
 */
export class TextPieces {
  /** The bytes of all text returned so far, plus those before the start. */
  byte: number;

  readonly #encoding: string | undefined;
  #code: TextCode | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  /** True if all text so far has as many bytes as characters. */
  #isPlain = true;
  #isDamaged = false;

  /** Starts at an offset. A byte-order mark is looked for only at 0. */
  constructor(byte: number, encoding: string | undefined) {
    this.byte = byte;
    this.#encoding = encoding;
    if (byte > 0) this.#code = textCodeOf(this.#rest, encoding);
  }

  /** The name of the encoding. */
  get encoding(): string {
    return this.#code?.encoding ?? "utf-8";
  }

  /** Returns the text of whole characters, without the byte-order mark. */
  push(bytes: Uint8Array, isLast: boolean): string {
    let whole = this.#rest.length > 0 ? joined(this.#rest, bytes) : bytes;
    if (this.#code === undefined) {
      if (whole.length < longestMark && !isLast) {
        this.#rest = whole.slice();
        return "";
      }
      this.#code = textCodeOf(whole, this.#encoding);
      whole = whole.subarray(this.#code.mark);
      this.byte += this.#code.mark;
    }
    const end = isLast ? whole.length : wholeEnd(whole, this.#code.encoding);
    this.#rest = whole.slice(end);
    this.byte += end;
    const text = this.#decode(whole.subarray(0, end), this.#code);
    if (text.length !== end) this.#isPlain = false;
    return text;
  }

  /** Returns true if a part of the text had bytes that are invalid in the encoding. */
  isDamaged(text: string): boolean {
    if (!this.#isDamaged) return false;
    return this.encoding === "utf-8" ? halfCharacter.test(text) : text.includes("\uFFFD");
  }

  /** Returns the number of bytes of a part of the text. */
  lengthOf(text: string, from: number, to: number): number {
    if (this.#isPlain) return to - from;
    const { encoding } = this;
    if (encoding === "utf-8") return utf8Length(text, from, to);
    if (encoding.startsWith("utf-16")) return 2 * (to - from);
    return isMultiByte(encoding) ? multiByteLength(text, from, to) : to - from;
  }

  #decode(bytes: Uint8Array, code: TextCode): string {
    try {
      return code.decode(bytes);
    } catch {
      this.#isDamaged = true; // The record that has the bytes tells.
      return code.encoding === "utf-8" ? escaped(bytes) : replaced(bytes, code.encoding);
    }
  }
}

/** Stand-in for a byte that is not UTF-8: a lone surrogate. */
const halfCharacter = /\p{Surrogate}/u;

/** Returns true if an encoding has characters of one or more bytes, by rules that are not known here. */
export function isMultiByte(encoding: string): boolean {
  return /^(?:gb|big5|euc-|shift_jis|iso-2022)/.test(encoding);
}

/** Returns the index at which the last whole character of some bytes ends. */
function wholeEnd(bytes: Uint8Array, encoding: string): number {
  const { length } = bytes;
  if (encoding === "utf-8") {
    for (let back = 1; back <= 3 && back <= length; back++) {
      const byte = bytes[length - back]!;
      if (byte < 0x80) return length;
      if (byte < 0xC0) continue;
      const size = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
      return size > back ? length - back : length;
    }
    return length;
  }
  if (encoding.startsWith("utf-16")) {
    const even = length - length % 2;
    const high = bytes[encoding === "utf-16le" ? even - 1 : even - 2] ?? 0;
    return high >= 0xD8 && high < 0xDC ? even - 2 : even;
  }
  if (!isMultiByte(encoding)) return length;
  return bytes.lastIndexOf(10) + 1 || bytes.lastIndexOf(13) + 1; // Breaks are not part of others.
}

/** Decodes UTF-8 and replaces each invalid byte by a lone surrogate: 0xDC00 plus the byte. */
function escaped(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const end = validEnd(bytes, at);
    if (end > at) text += decoder.decode(bytes.subarray(at, end));
    else text += String.fromCharCode(0xDC00 + bytes[at]!);
    at = Math.max(end, at + 1);
  }
  return text;
}

/** Returns the end of the valid UTF-8 that begins at `from` (Unicode 16, table 3-7). */
function validEnd(bytes: Uint8Array, from: number): number {
  for (let at = from;;) {
    const byte = bytes[at] ?? 0xFF;
    const size = byte < 0x80 ? 1 : byte < 0xC2 ? 0 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    if (size === 0 || byte > 0xF4) return at;
    const second = bytes[at + 1] ?? 0;
    const least = byte === 0xE0 ? 0xA0 : byte === 0xF0 ? 0x90 : 0x80;
    const most = byte === 0xED ? 0x9F : byte === 0xF4 ? 0x8F : 0xBF;
    if (size > 1 && (second < least || second > most)) return at;
    for (let next = 2; next < size; next++) {
      if (((bytes[at + next] ?? 0) & 0xC0) !== 0x80) return at;
    }
    at += size;
  }
}

function replaced(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
}

function utf8Length(text: string, from: number, to: number): number {
  let length = to - from;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    if ((code & 0xF800) !== 0xD800) length += code < 0x800 ? 1 : 2;
    else if (code < 0xDC00) {
      length += 2; // Four bytes of two units. A half by itself stands for one byte.
      at++;
    }
  }
  return length;
}

/** Returns the number of bytes of a text, by the usual character sizes of such an encoding. */
function multiByteLength(text: string, from: number, to: number): number {
  let length = to - from;
  for (let at = from; at < to; at++) if (text.charCodeAt(at) >= 0x80) length++;
  return length;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
