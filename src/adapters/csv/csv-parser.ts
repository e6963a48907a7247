import { ConfigurationError } from "../../errors.ts";
import type { InputStart } from "../../bytes/input.ts";
import { malformed } from "../../streams/malformed.ts";
import { RecordError } from "../../bytes/record-error.ts";
import { positioned } from "../../bytes/reader-options.ts";
import type { RecordParser } from "../../bytes/records.ts";
import { ownText } from "../../bytes/text.ts";
import { fail } from "../../plain-options.ts";
import { delimiterOf, hintOf } from "./delimiter.ts";
import { type CsvHeader, namesOf } from "./header.ts";
import { arrayMaker, objectMaker, type RowMaker, type RowOptions } from "./rows.ts";
import { type Broken, type Dialect, Scanner } from "./scanner.ts";
import { TextPieces } from "./text-pieces.ts";

/** Options for parsing all inputs of a reader. */
export interface CsvPlan extends RowOptions, Omit<Dialect, "delimiter"> {
  /** Delimiter of the fields; `undefined` to detect it in the text. */
  readonly delimiter: string | undefined;
  /** Source of the names of the columns. */
  readonly header: CsvHeader;
  /** The encoding; `undefined` to detect it by the byte-order mark. */
  readonly encoding: string | undefined;
  /** If true, a record that cannot be read is passed on as malformed. */
  readonly passesMalformed: boolean;
  /** If true, each row comes with its position. */
  readonly positions: boolean;
}

/** Start of an input, and its name. */
export interface CsvStart {
  /** `""` if it has none. */
  readonly name: string;
  /** The name that positions carry. */
  readonly label?: string | undefined;
  /** Place of the first byte in the file. */
  readonly from: InputStart;
}

const nothing = new Uint8Array(0);

/** Makes rows from the bytes of one input. */
export class CsvParser implements RecordParser<unknown> {
  readonly #plan: CsvPlan;
  readonly #start: CsvStart;
  readonly #pieces: TextPieces;
  #scanner: Scanner | undefined;
  #make: RowMaker | undefined;
  /** The text so far, until the delimiter is known. */
  #sample = "";
  /** The byte offset of a place in the scanner's text, at first of its beginning. */
  #byte = 0;
  #place = 0;

  /** Starts at the beginning of the input. */
  constructor(plan: CsvPlan, start: CsvStart) {
    this.#plan = plan;
    this.#start = start;
    const { header } = plan;
    if (start.from.byte > 0 && (header === true || typeof header === "function")) {
      const rule = "an array of names, as the input begins behind its header";
      fail("read CSV", "header", rule, header);
    }
    this.#pieces = new TextPieces(start.from.byte, plan.encoding);
    if (header === false) this.#make = arrayMaker(plan);
    else if (Array.isArray(header)) this.#make = objectMaker(header, plan);
  }

  push(bytes: Uint8Array, out: unknown[]): void {
    this.#take(bytes, false, out);
  }

  end(out: unknown[]): void {
    this.#take(nothing, true, out);
  }

  #take(bytes: Uint8Array, isLast: boolean, out: unknown[]): void {
    const scanner = this.#scanner;
    if (scanner === undefined) {
      this.#sample += this.#pieces.push(bytes, isLast);
      if (this.#open(isLast)) this.#records(this.#scanner!, out);
      return;
    }
    const { text, next } = scanner;
    if (next > 0 || text === "") {
      this.#byte = this.#pieces.byte - this.#pieces.lengthOf(text, next, text.length);
      this.#place = 0;
    }
    scanner.push(this.#pieces.push(bytes, isLast), isLast);
    this.#records(scanner, out);
  }

  /** Starts to look for records, once the delimiter is known. */
  #open(isLast: boolean): boolean {
    const plan = this.#plan;
    const sample = this.#sample;
    const dialect = { ...plan, delimiter: plan.delimiter ?? "" };
    const { length = undefined } = Array.isArray(plan.header) ? plan.header : {};
    const delimiter = plan.delimiter ?? delimiterOf(dialect, sample, isLast, length);
    if (delimiter === undefined) return false;
    this.#byte = this.#pieces.byte - this.#pieces.lengthOf(sample, 0, sample.length);
    this.#scanner = new Scanner({ ...plan, delimiter }, this.#start.from.line);
    this.#scanner.push(sample, isLast);
    if (plan.delimiter === undefined && hintOf(sample) !== undefined) this.#scanner.find();
    this.#sample = "";
    return true;
  }

  #records(scanner: Scanner, out: unknown[]): void {
    const { positions } = this.#plan;
    for (let found = scanner.find(); found !== "more"; found = scanner.find()) {
      if (found === "broken") {
        const { broken } = scanner;
        this.#refuse(scanner, out, this.#reasonOf(broken!), broken!.line);
      } else if (this.#make === undefined) {
        this.#takeHeader(scanner);
      } else {
        try {
          if (this.#pieces.isDamaged(scanner.raw)) throw new Error(this.#damage());
          const value = this.#make(scanner.fields, scanner.count);
          if (!positions) out.push(value);
          else {
            const end = this.#byteAt(scanner.next);
            out.push(positioned(value, scanner.line, end, this.#start.label));
          }
        } catch (error) {
          if (error instanceof ConfigurationError) throw error;
          const { message, cause } = error as Error;
          this.#refuse(scanner, out, message, scanner.line, cause);
        }
      }
    }
  }

  #takeHeader(scanner: Scanner): void {
    const { header } = this.#plan;
    const { line } = scanner;
    if (this.#pieces.isDamaged(scanner.raw)) throw this.#error(scanner, this.#damage(), line);
    const names = scanner.fields.slice(0, scanner.count).map((name) => name ?? "");
    const named = namesOf(names, header, this.#plan.columns);
    if (typeof named === "string") throw this.#error(scanner, named, line);
    this.#make = objectMaker(named, this.#plan);
  }

  /** Passes a record on as malformed, or throws its error. */
  #refuse(scanner: Scanner, out: unknown[], reason: string, line: number, cause?: unknown): void {
    const error = this.#error(scanner, reason, line, cause);
    // Without a header, reading cannot continue.
    if (!this.#plan.passesMalformed || this.#make === undefined) throw error;
    out.push(malformed(ownText(scanner.raw), error));
  }

  #error(scanner: Scanner, reason: string, line: number, cause?: unknown): RecordError {
    const { name } = this.#start;
    const place = { name, line, byte: this.#byteAt(scanner.start) };
    return new RecordError(reason, place, cause === undefined ? {} : { cause });
  }

  /** Returns the byte offset of a place in the text. Places must not go back. */
  #byteAt(place: number): number {
    const { text } = this.#scanner!;
    this.#byte += this.#pieces.lengthOf(text, this.#place, place);
    this.#place = place;
    return this.#byte;
  }

  #damage(): string {
    return `a record with bytes that are not ${this.#pieces.encoding}`;
  }

  #reasonOf({ kind, field }: Broken): string {
    if (kind === "after") {
      return `a record, as text follows the closing quote of field ${field + 1}`;
    }
    if (kind === "unclosed") return `a record, as the quote of field ${field + 1} is not closed`;
    return `a record of more than ${this.#plan.maxBytes} bytes`;
  }
}
