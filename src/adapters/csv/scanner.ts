import { CsvText, isBreak, lineFeed, quote } from "./csv-text.ts";

/** Syntax of the records of a text. */
export interface Dialect {
  /** Delimiter of the fields. */
  readonly delimiter: string;
  /** Prefix of lines that are comments, not records. */
  readonly comment?: string | undefined;
  /** Value of an empty unquoted field. */
  readonly empty: "" | null;
  /** The maximum length of a record, in bytes of UTF-8. */
  readonly maxBytes: number;
}

/** Reason why a record cannot be read. */
export interface Broken {
  /**
   * `"unclosed"`: a quote is never closed; `"after"`: text follows a closing quote; `"long"`: the record
   * is too long.
   */
  readonly kind: "unclosed" | "after" | "long";
  /** The line that opened the quote, otherwise the first line of the record. */
  readonly line: number;
  /** The place of the field in its record, from 0. */
  readonly field: number;
}

/** Result of a search: a record, one that cannot be read, or a need for more text. */
export type Found = "record" | "broken" | "more";

/** A longer record is scanned again only once its text has doubled. */
const patience = 65_536;
/** Length of the excerpt of a record that is too long. */
const excerpt = 1_000;

/**
 * Finds the records in a text that arrives in pieces, cut anywhere. It reads RFC 4180 and what occurs in
 * practice: any mix of CRLF, LF and CR, quotes inside unquoted fields, blanks after a closing quote, and
 * blank lines, which are not records.
 *
 * It counts bytes only for `maxBytes`. Places are indexes in `text`, which `push` replaces.
 */
export class Scanner {
  /** The fields of the record. Only the first `count` belong to it. The array is reused for each record. */
  readonly fields: (string | null)[] = [];
  /** Number of fields of the record. */
  count = 0;
  /** The first line of the record, from 1. */
  line = 1;
  /** Index in `text` at which the record begins. */
  start = 0;
  /** Index in `text` at which the record ends. */
  end = 0;
  /** Index in `text` at which the text after the record begins. */
  next = 0;
  /** Reason why the record cannot be read. */
  broken: Broken | undefined;

  readonly #dialect: Dialect;
  readonly #text: CsvText;
  /** Number of characters that `maxBytes` bytes always hold. */
  readonly #maxLength: number;
  readonly #comment: string;
  #waiting: string[] = [];
  #waitingLength = 0;
  #isLast = false;
  /** The line at `next`. */
  #line: number;
  /** True if the rest of the line at `next` does not belong to a record. */
  #skips = false;
  /** The last line of the fields so far. */
  #lastLine = 0;
  /** The open quote, and its line. */
  #open = -1;
  #openLine = 0;
  /** Reason why a quoted field has no end, and the end of the text that was searched. */
  #stop: "more" | "unclosed" | "after" = "more";
  #seen = 0;

  constructor(dialect: Dialect, line = 1) {
    this.#dialect = dialect;
    this.#text = new CsvText(dialect.delimiter);
    this.#maxLength = Math.floor(dialect.maxBytes / 3); // UTF-8 has at most 3 bytes for a UTF-16 unit.
    this.#comment = dialect.comment ?? "";
    this.#line = line;
  }

  /** The text available. */
  get text(): string {
    return this.#text.text;
  }

  /** Appends text to what is left of the text so far. */
  push(text: string, isLast: boolean): void {
    this.#waiting.push(text);
    this.#waitingLength += text.length;
    this.#isLast = isLast;
    const left = this.text.slice(this.next);
    this.next = 0;
    this.#text.set(left);
    if (left.length > patience && this.#waitingLength < left.length && !isLast) return;
    this.#text.set(left + this.#waiting.join(""));
    this.#waiting = [];
    this.#waitingLength = 0;
  }

  /** Looks for the next record. */
  find(): Found {
    if (this.#waitingLength > 0) return "more";
    if (this.#skips && !this.#skipLine()) return "more";
    const source = this.#text;
    const { length } = source.text;
    while (this.next < length) {
      const start = this.next;
      const end = source.lineEnd(start);
      const isCut = end >= length - 1 && this.#isCut(end);
      if (end === start && !isCut) {
        this.#goTo(end);
        continue;
      }
      if (this.#comment !== "" && source.text.startsWith(this.#comment, start)) {
        this.#skips = true;
        if (!this.#skipLine()) return "more";
        continue;
      }
      this.start = start;
      this.line = this.#line;
      this.#open = -1;
      if (source.quoteFrom(start) < end) return this.#quoted(start);
      if (isCut) return this.#more(end);
      if (end - start > this.#maxLength && this.#isTooLong(end)) return this.#tooLong();
      this.#split(start, end);
      this.end = end;
      this.#goTo(end);
      return "record";
    }
    return "more";
  }

  /** The text of the record, or the beginning of one that is too long. */
  get raw(): string {
    return this.text.slice(this.start, this.end);
  }

  /** Splits a line without quotes into fields. */
  #split(start: number, end: number): void {
    const { fields } = this;
    const source = this.#text;
    const { text, delimiter } = source;
    const { empty } = this.#dialect;
    let count = 0;
    let from = start;
    for (let to = source.delimiterFrom(from); to < end; to = source.delimiterFrom(from)) {
      fields[count++] = to === from ? empty : text.slice(from, to);
      from = to + delimiter.length;
    }
    fields[count++] = end === from ? empty : text.slice(from, end);
    this.count = count;
  }

  /** Splits a record with quotes into fields. */
  #quoted(start: number): Found {
    const { text, delimiter } = this.#text;
    this.count = 0;
    this.#lastLine = this.#line;
    for (let at = start;;) {
      const to = text.charCodeAt(at) === quote ? this.#quotedField(at) : this.#plainField(at);
      if (to < 0) return this.#stop === "more" ? this.#more() : this.#break(this.#stop);
      if (to < text.length && !isBreak(text.charCodeAt(to))) {
        at = to + delimiter.length;
        continue;
      }
      if (this.#isCut(to)) return this.#more(to);
      if (to - start > this.#maxLength && this.#isTooLong(to)) return this.#tooLong();
      this.end = to;
      this.#line = this.#lastLine;
      this.#goTo(to);
      return "record";
    }
  }

  #plainField(at: number): number {
    const to = Math.min(this.#text.delimiterFrom(at), this.#text.lineEnd(at));
    this.fields[this.count++] = to === at ? this.#dialect.empty : this.#text.text.slice(at, to);
    return to;
  }

  /**
   * Returns the end of a quoted field and of all that belongs to it, or -1; then `#stop` has the reason.
   */
  #quotedField(at: number): number {
    const source = this.#text;
    const { text, delimiter } = source;
    this.#open = at;
    this.#openLine = this.#lastLine;
    const close = source.closeOf(at, this.#isLast);
    this.#seen = text.length;
    this.#stop = this.#isLast ? "unclosed" : "more";
    if (close < 0) return -1;
    const to = this.#seen = source.afterBlanks(close + 1);
    this.#lastLine += source.breaksIn(at, close);
    const isEnd = isBreak(text.charCodeAt(to)) || to === text.length && this.#isLast;
    if (!isEnd && !text.startsWith(delimiter, to)) {
      this.#stop = to + delimiter.length > text.length && !this.#isLast ? "more" : "after";
      return -1;
    }
    const value = text.slice(at + 1, close);
    this.fields[this.count++] = value.includes('"') ? value.replaceAll('""', '"') : value;
    this.#open = -1;
    return to;
  }

  /** Continues after the line that ends at `end`. */
  #goTo(end: number): void {
    const { length } = this.#text.text;
    if (end < length) this.#line++;
    this.next = Math.min(this.#text.afterBreak(end), length);
  }

  /** Returns true if the line break at `end` may be incomplete until more text arrives. */
  #isCut(end: number): boolean {
    const { text } = this.#text;
    return end >= text.length - 1 && !this.#isLast && text.charCodeAt(end) !== lineFeed;
  }

  /** Skips the rest of a line. Returns `false` if its end is not available yet. */
  #skipLine(): boolean {
    const end = this.#text.lineEnd(this.next);
    if (this.#isCut(end)) {
      this.next = end; // A carriage return stays, as its line feed may follow.
      return false;
    }
    this.#goTo(end);
    this.#skips = false;
    return true;
  }

  /** Requests more text, unless the record is already too long. */
  #more(end = this.text.length): Found {
    return end - this.start > this.#maxLength && this.#isTooLong(end) ? this.#tooLong() : "more";
  }

  /** Gives up on a record, and continues at the line after the one that opened the quote. */
  #break(kind: "unclosed" | "after"): Found {
    this.#text.rewind();
    const end = this.#text.lineEnd(this.#open);
    if (this.#isCut(end)) return this.#more(end);
    const furthest = Math.max(end, this.#seen);
    if (furthest - this.start > this.#maxLength && this.#isTooLong(furthest)) {
      return this.#tooLong();
    }
    this.broken = { kind, line: this.#openLine, field: this.count };
    this.end = end;
    this.#line = this.#openLine;
    this.#goTo(end);
    return "broken";
  }

  /** Returns true if a record that reaches to `end` is too long. */
  #isTooLong(end: number): boolean {
    return this.#text.placeAt(this.start, end, this.#dialect.maxBytes) < end;
  }

  /**
   * Gives up on a record that is too long. The result depends only on its first `maxBytes` bytes, so it
   * is the same wherever the text is cut.
   */
  #tooLong(): Found {
    const { start } = this;
    const source = this.#text;
    const { text } = source;
    let cut = source.placeAt(start, text.length, this.#dialect.maxBytes);
    if (source.afterBreak(cut - 1) > cut) cut--; // Not between CR and LF.
    const probe = new Scanner({ ...this.#dialect, maxBytes: Infinity }, this.line);
    probe.push(text.slice(start, cut), false);
    probe.find();
    source.rewind();
    const isOpen = probe.#open >= 0;
    const end = source.lineEnd(isOpen ? start + probe.#open : cut);
    this.broken = isOpen
      ? { kind: "unclosed", line: probe.#openLine, field: probe.count }
      : { kind: "long", line: this.line, field: 0 };
    this.end = Math.min(start + excerpt, end, cut);
    source.rewind();
    this.#line = isOpen ? probe.#openLine : this.line + source.breaksIn(start, cut);
    if (end < cut) {
      this.#goTo(end);
    } else {
      this.next = cut;
      this.#skips = true;
    }
    return "broken";
  }
}
