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
 * Finds the end of a JSON value in bytes that arrive in chunks. It looks only at quotes and brackets. The
 * parser decides if the rest is JSON.
 */
export class ValueScanner {
  /** The brackets that are open. */
  readonly #open: number[] = [];
  #isInString = false;
  #isEscaped = false;
  /** True if the value is a number or a literal, which has no closing character. */
  isBare = false;
  /** True if the value is a string of printable ASCII without escapes, which is certainly JSON. */
  isPlainString = false;

  /** Begins at the first byte of a value. */
  begin(first: number): void {
    this.#open.length = 0;
    this.#isInString = this.#isEscaped = false;
    this.isPlainString = first === quote;
    this.isBare = kinds[first] === 0;
  }

  /**
   * Continues from `at`, the first byte of the value or of a later chunk. Returns the place after the
   * value, -1 if the value continues after the chunk, or -2 - place of a bracket that closes without an
   * opening one.
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

  /** Continues to the end of a string, or to the end of the chunk if that comes first. */
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
