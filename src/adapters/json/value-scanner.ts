const quote = 34;
const backslash = 92;

/** For each byte: 1 if it ends a number or a literal, 2 if it opens, 3 if it closes, 4 if it is a quote. */
const kinds = new Uint8Array(256);
for (const byte of [9, 10, 13, 32, 44, 58]) kinds[byte] = 1;
for (const byte of [91, 123]) kinds[byte] = 2;
for (const byte of [93, 125]) kinds[byte] = 3;
kinds[quote] = 4;

/** Returns true if a byte is white space. */
export function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

/**
 * Finds the end of a JSON value in bytes that come in chunks. It looks at quotes and brackets alone;
 * whether the rest is JSON is for whoever parses it.
 */
export class ValueScanner {
  /** The brackets that are open. */
  readonly #open: number[] = [];
  #isInString = false;
  #isEscaped = false;
  /** True if it is a number or a literal, which has no end of its own. */
  isBare = false;
  /** True if it is a string of printable ASCII without escapes, and so is certainly JSON. */
  isPlainString = false;

  /** Begins at the first byte of a value. */
  begin(first: number): void {
    this.#open.length = 0;
    this.#isInString = this.#isEscaped = false;
    this.isPlainString = first === quote;
    this.isBare = kinds[first] === 0;
  }

  /**
   * Goes on from `at`, which is the first byte of the value or of a later chunk. Gives the place after the
   * value; -1 if it goes on after the chunk; -2 - place where a bracket closes that is not open.
   */
  scan(bytes: Uint8Array, at: number, isStart: boolean): number {
    if (this.isBare) {
      let end = at;
      while (end < bytes.length && (kinds[bytes[end]!] === 0 || kinds[bytes[end]!] === 4)) end++;
      return end < bytes.length ? end : -1;
    }
    let place = at;
    if (isStart && bytes[place] === quote) {
      this.#isInString = true;
      place++;
    }
    while (place < bytes.length) {
      if (this.#isInString) {
        place = this.#scanString(bytes, place);
        if (this.#isInString) return -1;
        if (this.#open.length === 0) return place;
      }
      while (place < bytes.length && kinds[bytes[place]!]! < 2) place++;
      if (place === bytes.length) return -1;
      const byte = bytes[place++]!;
      if (byte === quote) this.#isInString = true;
      else if (kinds[byte] === 2) this.#open.push(byte + 2);
      else if (this.#open.pop() !== byte) return -1 - place;
      else if (this.#open.length === 0) return place;
    }
    return -1;
  }

  /** Goes on to the end of a string; it is still in it where the chunk ends before. */
  #scanString(bytes: Uint8Array, at: number): number {
    let place = at;
    if (this.#isEscaped && place < bytes.length) {
      this.#isEscaped = false;
      place++;
    }
    while (place < bytes.length) {
      const byte = bytes[place++]!;
      if (byte === quote) {
        this.#isInString = false;
        return place;
      }
      if (byte === backslash) {
        this.isPlainString = false;
        if (place === bytes.length) this.#isEscaped = true;
        place++;
      } else if (byte < 32 || byte > 126) {
        this.isPlainString = false;
      }
    }
    return bytes.length;
  }
}
