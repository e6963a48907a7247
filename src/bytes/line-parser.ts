import { messageOf } from "../errors.ts";
import type { ByteSource } from "./input.ts";
import { type LineBlock, LineCutter } from "./lines.ts";
import { type Positioned, positioned } from "./reader-options.ts";
import { RecordError } from "./record-error.ts";
import type { RecordParser } from "./records.ts";
import { afterBreak, ownText, type TextCode } from "./text.ts";

/** Options of a `LineParser`. */
export interface LineParserOptions<T> {
  /** Kind of record that a line is read as, for errors. */
  readonly what: string;
  /** Makes a record from a line without its line feed; it may end with a carriage return. */
  parse(line: string): T;
  /** If true, a line of white space is not a record. */
  readonly skipsBlank: boolean;
  readonly encoding?: string | undefined;
  readonly maxRecordBytes: number;
  readonly positions: boolean;
  /** Makes the item that replaces a malformed line. Without it, a malformed line is an error. */
  readonly malformed: ((raw: string, error: unknown) => never) | undefined;
}

/** Makes a record of each line of an input. */
export class LineParser<T> implements RecordParser<T | Positioned<T>> {
  readonly #options: LineParserOptions<T>;
  readonly #name: string;
  readonly #label: string | undefined;
  readonly #cutter: LineCutter;
  /** The number of the next line. */
  #line: number;

  constructor(source: ByteSource, options: LineParserOptions<T>) {
    this.#options = options;
    this.#name = source.name;
    this.#label = source.label;
    this.#line = source.from.line;
    this.#cutter = new LineCutter({
      byte: source.from.byte,
      encoding: source.isText ? "utf-8" : options.encoding,
      maxBytes: options.maxRecordBytes,
    });
  }

  push(bytes: Uint8Array, out: (T | Positioned<T>)[]): void {
    for (const block of this.#cutter.push(bytes)) this.#read(block, out);
  }

  end(out: (T | Positioned<T>)[]): void {
    for (const block of this.#cutter.end()) this.#read(block, out);
  }

  #read(block: LineBlock, out: (T | Positioned<T>)[]): void {
    const places = new LinePlaces(block, this.#cutter.code.encoding);
    if (block.isTooLong) {
      const limit = `${this.#options.maxRecordBytes} bytes, which is 'maxRecordBytes'`;
      this.#refuse(
        `line: it is longer than ${limit}`,
        looseText(block, this.#cutter.code),
        block.byte,
        out,
      );
      this.#line++;
      return;
    }
    let text: string;
    try {
      text = this.#cutter.code.decode(block.bytes);
    } catch {
      this.#readEach(block, places, out); // Some line is not of the encoding; the others are.
      return;
    }
    const first = this.#line;
    for (let at = 0; at < text.length;) {
      const found = text.indexOf("\n", at);
      const end = found < 0 ? text.length : found;
      this.#readLine(text.slice(at, end), places, this.#line - first, out);
      at = end + 1;
      this.#line++;
    }
  }

  #readLine(line: string, places: LinePlaces, index: number, out: (T | Positioned<T>)[]): void {
    const { parse, skipsBlank, positions, what } = this.#options;
    if (skipsBlank && isBlank(line)) return;
    let value: T;
    try {
      value = parse(line);
    } catch (cause) {
      const reason = `line as ${what}: ${messageOf(cause)}`;
      this.#refuse(reason, line, places.startOf(index), out, cause);
      return;
    }
    if (!positions) return void out.push(value);
    out.push(positioned(value, this.#line, places.startOf(index + 1), this.#label));
  }

  /** Decodes each line by itself. */
  #readEach(block: LineBlock, places: LinePlaces, out: (T | Positioned<T>)[]): void {
    const { code } = this.#cutter;
    const end = block.byte + block.bytes.length;
    for (let index = 0; places.startOf(index) < end; index++, this.#line++) {
      const from = places.startOf(index);
      const bytes = block.bytes.subarray(from - block.byte, places.startOf(index + 1) - block.byte);
      let line: string;
      try {
        line = code.decode(bytes).replace(/\n$/, "");
      } catch (cause) {
        const text = looseText({ bytes }, code).replace(/\n$/, "");
        this.#refuse(`line as ${code.encoding}: ${messageOf(cause)}`, text, from, out, cause);
        continue;
      }
      this.#readLine(line, places, index, out);
    }
  }

  #refuse(
    reason: string,
    raw: string,
    byte: number,
    out: (T | Positioned<T>)[],
    cause?: unknown,
  ): void {
    const place = { name: this.#name, line: this.#line, byte };
    const error = new RecordError(reason, place, { cause, text: raw });
    if (this.#options.malformed === undefined) throw error;
    out.push(this.#options.malformed(ownText(raw), error));
  }
}

/** Places at which the lines of a block begin. They must be requested in order. */
class LinePlaces {
  readonly #block: LineBlock;
  readonly #encoding: string;
  #index = 0;
  #start = 0;

  constructor(block: LineBlock, encoding: string) {
    this.#block = block;
    this.#encoding = encoding;
  }

  /** Returns the offset of a line of the block in the input, or the offset after the last line. */
  startOf(index: number): number {
    const { bytes, byte } = this.#block;
    if (index < this.#index) this.#index = this.#start = 0;
    for (; this.#index < index; this.#index++) {
      this.#start = afterBreak(bytes, this.#start, this.#encoding) || bytes.length;
    }
    return byte + this.#start;
  }
}

function isBlank(line: string): boolean {
  return !(line.charCodeAt(0) > 32) && line.trim() === "";
}

/** Returns a text in which bytes that cannot be decoded are marked. */
function looseText({ bytes }: Pick<LineBlock, "bytes">, { encoding }: TextCode): string {
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
}
