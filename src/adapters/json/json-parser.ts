import type { ByteSource } from "../../bytes/input.ts";
import { joined } from "../../bytes/joined.ts";
import type { Positioned } from "../../bytes/reader-options.ts";
import { RecordError } from "../../bytes/record-error.ts";
import type { RecordParser } from "../../bytes/records.ts";
import { messageOf } from "../../errors.ts";
import type { PathStep } from "./json-path.ts";
import { LineCount } from "./line-count.ts";
import { RecordBatch, type RecordBatchOptions } from "./record-batch.ts";
import { isSpace, ValueScanner } from "./value-scanner.ts";

/** Options of a `JsonParser`. */
export interface JsonParserOptions extends Omit<RecordBatchOptions, "name" | "label"> {
  readonly path: string;
  readonly steps: readonly PathStep[];
  readonly maxRecordBytes: number;
}

/** Token that may come next in a document. */
type Expected = "value" | "value or end" | "name" | "name or end" | "colon" | "comma or end";

/** An open container. */
interface Frame {
  readonly isArray: boolean;
  /** True if the path leads through the container. */
  readonly isOnPath: boolean;
  /** The index of the next element, or the name of the next property. */
  index: number;
  name: string | undefined;
}

/** Purpose of the value that is being scanned. */
type Purpose = "record" | "name" | "skip";

const nothing = new Uint8Array(0);
/** Maximum bytes of a record that is too long to keep for its error. */
const keptBytes = 1024;
const [comma, colon, quote, openList, closeList, openObject, closeObject] = [
  44,
  58,
  34,
  91,
  93,
  123,
  125,
];

/**
 * Walks through a document and parses the values that a path leads to. Everything else is only checked.
 * It holds the chunk and at most one record.
 */
export class JsonParser<T> implements RecordParser<T | Positioned<T>> {
  readonly #options: JsonParserOptions;
  readonly #name: string;
  readonly #scanner = new ValueScanner();
  readonly #lines: LineCount;
  readonly #records: RecordBatch<T>;
  #bytes: Uint8Array = nothing;
  /** The offset of the chunk in the input. */
  #base: number;
  #expected: Expected = "value";
  readonly #frames: Frame[] = [];
  /** True if the path has led to a value. */
  #isFound = false;
  /** Purpose of the value that is being scanned, and its start in the chunk. */
  #purpose: Purpose | undefined;
  #start = 0;
  /** The bytes of the value in earlier chunks, and its start there. */
  #parts: Uint8Array[] = [];
  #partsLength = 0;
  #begun = { line: 0, byte: 0 };
  #isDropped = false;

  constructor(source: ByteSource, options: JsonParserOptions) {
    this.#options = options;
    this.#name = source.name;
    this.#base = source.from.byte;
    this.#lines = new LineCount(source.from.line);
    this.#records = new RecordBatch(
      { ...options, name: source.name, label: source.label },
      this.#lines,
    );
  }

  push(bytes: Uint8Array, out: (T | Positioned<T>)[]): void {
    this.#bytes = bytes;
    this.#lines.begin(bytes);
    this.#records.begin(bytes, this.#base, out);
    for (let at = 0; at < bytes.length;) at = this.#purpose ? this.#scan(at) : this.#walk(at);
    this.#records.flush();
    if (this.#purpose !== undefined) this.#keep();
    this.#base += bytes.length;
  }

  end(out: (T | Positioned<T>)[]): void {
    this.#bytes = nothing;
    this.#lines.begin(nothing);
    this.#records.begin(nothing, this.#base, out);
    // Inside the document, the rest of a number might be missing.
    if (this.#purpose !== undefined && this.#scanner.isBare && !this.#frames.length) {
      this.#finish(0);
    }
    if (this.#frames.length > 0 || this.#expected !== "comma or end") {
      this.#fail("unexpected end of the document", 0);
    }
    if (!this.#isFound) this.#fail(`there is nothing at ${this.#options.path}`, 0);
  }

  /** Reads a byte outside of values. */
  #walk(at: number): number {
    const byte = this.#bytes[at]!;
    if (isSpace(byte)) return at + 1;
    const frame = this.#frames.at(-1);
    switch (this.#expected) {
      case "value or end":
        if (byte === closeList) return this.#close(at);
        return this.#beginValue(byte, at);
      case "value":
        return this.#beginValue(byte, at);
      case "name or end":
        if (byte === closeObject) return this.#close(at);
        return this.#beginName(byte, at);
      case "name":
        return this.#beginName(byte, at);
      case "colon":
        if (byte !== colon) this.#unexpected(at);
        this.#expected = "value";
        return at + 1;
      case "comma or end":
        if (frame === undefined) this.#fail("further text follows the document", at);
        if (byte === (frame.isArray ? closeList : closeObject)) return this.#close(at);
        if (byte !== comma) this.#unexpected(at);
        frame.index++;
        this.#expected = frame.isArray ? "value" : "name";
        return at + 1;
    }
  }

  #close(at: number): number {
    this.#records.flush();
    this.#frames.pop();
    this.#expected = "comma or end";
    return at + 1;
  }

  #beginName(byte: number, at: number): number {
    if (byte !== quote) this.#unexpected(at);
    return this.#begin("name", byte, at);
  }

  #beginValue(byte: number, at: number): number {
    const depth = this.#frames.length;
    const isOnPath = this.#isOnPath(depth);
    if (isOnPath && depth === this.#options.steps.length) {
      this.#isFound = true;
      return this.#begin("record", byte, at);
    }
    if (isOnPath) this.#checkKind(byte, depth, at);
    if (byte !== openList && byte !== openObject) return this.#begin("skip", byte, at);
    const isArray = byte === openList;
    this.#frames.push({ isArray, isOnPath, index: 0, name: undefined });
    this.#expected = isArray ? "value or end" : "name or end";
    return at + 1;
  }

  /** Returns true if the path leads to, or through, the value that begins. */
  #isOnPath(depth: number): boolean {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return true;
    const step = this.#options.steps[depth - 1];
    if (!frame.isOnPath || step === undefined) return false;
    return step.isEvery || step.to === (frame.isArray ? frame.index : frame.name);
  }

  /** Throws if the path leads through a value that has no such elements or properties. */
  #checkKind(byte: number, depth: number, at: number): void {
    const { steps } = this.#options;
    const step = steps[depth]!;
    const isArray = step.isEvery || typeof step.to === "number";
    const firstEvery = steps.findIndex(({ isEvery }) => isEvery);
    if (byte === (isArray ? openList : openObject)) {
      if (depth === firstEvery) this.#isFound = true; // It may well be empty.
      return;
    }
    const isNull = byte === 110; // Which some elements of a list may be.
    if (isNull && firstEvery >= 0 && firstEvery < depth) return;
    this.#fail(`${step.before} must be ${isArray ? "an array" : "an object"}`, at);
  }

  #begin(purpose: Purpose, byte: number, at: number): number {
    if ([comma, colon, closeList, closeObject].includes(byte)) this.#unexpected(at);
    this.#purpose = purpose;
    this.#start = at;
    this.#scanner.begin(byte);
    return this.#scan(at, true);
  }

  #scan(at: number, isStart = false): number {
    const end = this.#scanner.scan(this.#bytes, at, isStart);
    if (end === -1) return this.#bytes.length;
    if (end < 0) this.#unexpected(-2 - end);
    this.#finish(end);
    return end;
  }

  /** Keeps the part of a value that continues in the next chunk. */
  #keep(): void {
    if (this.#parts.length === 0 && !this.#isDropped) {
      const line = this.#lines.lineAt(this.#start);
      this.#begun = { line, byte: this.#base + this.#start };
    }
    if (!this.#isDropped) this.#parts.push(this.#bytes.slice(this.#start));
    this.#partsLength += this.#bytes.length - this.#start;
    this.#start = 0;
    if (this.#partsLength <= this.#options.maxRecordBytes || this.#isDropped) return;
    const kept = joined(this.#parts);
    this.#isDropped = true;
    this.#parts = [];
    this.#refuseLong(kept, this.#begun);
  }

  #refuseLong(bytes: Uint8Array, place: { readonly line: number; readonly byte: number }): void {
    const limit = `${this.#options.maxRecordBytes} bytes, which is 'maxRecordBytes'`;
    const reason = `it is longer than ${limit}`;
    if (this.#purpose !== "record") {
      throw new RecordError(`value: ${reason}`, { name: this.#name, ...place });
    }
    const kept = Math.min(keptBytes, this.#options.maxRecordBytes);
    this.#records.refuse(`record: ${reason}`, bytes.subarray(0, kept), place);
  }

  /** Completes the value that ends before a place in the chunk. */
  #finish(end: number): void {
    if (this.#purpose === "record") this.#finishRecord(end);
    else this.#finishOther(end);
    this.#expected = this.#purpose === "name" ? "colon" : "comma or end";
    this.#purpose = undefined;
    this.#parts = [];
    this.#partsLength = 0;
    this.#isDropped = false;
  }

  #finishRecord(end: number): void {
    const length = this.#partsLength + end - this.#start;
    const isWhole = this.#partsLength === 0;
    if (this.#isDropped) return;
    if (isWhole && length <= this.#options.maxRecordBytes) {
      this.#records.add(this.#start, end);
      return;
    }
    this.#records.flush();
    const bytes = joined([...this.#parts, this.#bytes.subarray(this.#start, end)]);
    const place = isWhole
      ? { line: this.#lines.lineAt(this.#start), byte: this.#base + this.#start }
      : this.#begun;
    if (length > this.#options.maxRecordBytes) this.#refuseLong(bytes, place);
    else this.#records.parse(bytes, { ...place, end: this.#base + end });
  }

  /** Checks a value that is not on the path, or stores a name. */
  #finishOther(end: number): void {
    const frame = this.#frames.at(-1);
    const isWanted = this.#purpose === "name" && frame?.isOnPath === true;
    if (this.#scanner.isPlainString && !isWanted) return;
    const bytes = joined([...this.#parts, this.#bytes.subarray(this.#start, end)]);
    try {
      const value: unknown = JSON.parse(decoder.decode(bytes));
      if (isWanted) frame!.name = String(value);
    } catch (error) {
      this.#fail(messageOf(error), this.#partsLength === 0 ? this.#start : 0);
    }
  }

  #unexpected(at: number): never {
    const text = String.fromCodePoint(this.#bytes[at]!);
    this.#fail(`unexpected ${JSON.stringify(text)}`, at);
  }

  /** Throws the error of the document, after the records before it were added. */
  #fail(reason: string, at: number): never {
    this.#records.flush();
    const place = { name: this.#name, line: this.#lines.lineAt(at), byte: this.#base + at };
    throw new RecordError(`document as JSON: ${reason}`, place);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
