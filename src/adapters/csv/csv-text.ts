/** The quote character. */
export const quote = 34;
/** The line feed. */
export const lineFeed = 10;
const carriageReturn = 13;

/**
 * A text in which line breaks, quotes and delimiters are searched. The places to search from must ascend:
 * each last match is cached, so that a text without matches is not searched again and again. `rewind`
 * goes back.
 */
export class CsvText {
  /** Delimiter of the fields. */
  readonly delimiter: string;
  /** The text, which `set` changes. */
  text = "";

  // The next match of each since its last search, or the length of the text.
  #lineFeed = -1;
  #return = -1;
  #quote = -1;
  #delimiter = -1;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
  }

  /** Replaces the text. */
  set(text: string): void {
    this.text = text;
    this.rewind();
  }

  /** Allows searches from before the last place. */
  rewind(): void {
    this.#lineFeed =
      this.#return =
      this.#quote =
      this.#delimiter =
        -1;
  }

  /** Returns the index of the end of the line at `from`, or the length of the text. */
  lineEnd(from: number): number {
    if (this.#lineFeed < from) this.#lineFeed = this.#indexOf("\n", from);
    if (this.#return < from) this.#return = this.#indexOf("\r", from);
    return Math.min(this.#lineFeed, this.#return);
  }

  /** Returns the index of the next quote, or the length of the text. */
  quoteFrom(from: number): number {
    if (this.#quote < from) this.#quote = this.#indexOf('"', from);
    return this.#quote;
  }

  /** Returns the index of the next delimiter, or the length of the text. */
  delimiterFrom(from: number): number {
    if (this.#delimiter < from) this.#delimiter = this.#indexOf(this.delimiter, from);
    return this.#delimiter;
  }

  /** Returns the index after the line break at `end`. */
  afterBreak(end: number): number {
    const { text } = this;
    const isPair = text.charCodeAt(end) === carriageReturn &&
      text.charCodeAt(end + 1) === lineFeed;
    return end + (isPair ? 2 : 1);
  }

  /** Returns the number of lines that end between two places. */
  breaksIn(from: number, to: number): number {
    let lines = 0;
    for (let at = this.lineEnd(from); at < to; at = this.lineEnd(this.afterBreak(at))) lines++;
    return lines;
  }

  /** Returns the index of the quote that closes the one at `open`, or -1. */
  closeOf(open: number, isLast: boolean): number {
    const { text } = this;
    let from = open + 1;
    for (;;) {
      const close = text.indexOf('"', from);
      if (close < 0) return -1;
      if (close + 1 === text.length) return isLast ? close : -1; // Perhaps half of a pair.
      if (text.charCodeAt(close + 1) !== quote) return close;
      from = close + 2;
    }
  }

  /** Returns the first place from `at` on that is the delimiter or is not a blank. */
  afterBlanks(at: number): number {
    const { text, delimiter } = this;
    for (let place = at;; place++) {
      const code = text.charCodeAt(place);
      if (code !== 32 && code !== 9 || text.startsWith(delimiter, place)) return place;
    }
  }

  /**
   * Returns the last place in `from` to `to` up to which the text has at most `maxBytes` bytes in UTF-8.
   */
  placeAt(from: number, to: number, maxBytes: number): number {
    let bytes = 0;
    for (let at = from; at < to; at++) {
      const code = this.text.charCodeAt(at);
      // A surrogate is half of a character of 4 bytes.
      bytes += code < 0x80 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3;
      if (bytes > maxBytes) return at;
    }
    return to;
  }

  #indexOf(sought: string, from: number): number {
    const index = this.text.indexOf(sought, from);
    return index < 0 ? this.text.length : index;
  }
}

/** Returns true if a character ends a line. */
export function isBreak(code: number): boolean {
  return code === lineFeed || code === carriageReturn;
}
