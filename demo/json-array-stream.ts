const [quote, backslash, comma, open, close, openBrace, closeBrace] = new TextEncoder().encode(
  '"\\,[]{}',
);

/**
 * Parses a JSON array while its bytes arrive: `Uint8Array` → an array of the elements completed by it.
 *
 * Only commas and brackets outside strings are looked for, to cut between two elements; what lies
 * between two cuts goes to `JSON.parse`, which judges it as strictly as ever. No byte of a longer
 * UTF-8 character looks like one of ASCII, so bytes are searched before they are decoded. One chunk
 * and one unfinished element are held, whatever the size of the file.
 */
export class JsonArrayStream extends TransformStream<Uint8Array, unknown[]> {
  constructor() {
    const parser = new ArrayParser();
    super({
      transform: (bytes, output) => {
        const elements = parser.push(bytes);
        if (elements.length > 0) output.enqueue(elements);
      },
      flush: () => parser.end(),
    });
  }
}

class ArrayParser {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #rest = new Uint8Array(0); // What came after the last cut.
  #depth = 0; // 1 is between two elements.
  #isInString = false;
  #isEscaped = false;
  #isOver = false;
  #hasComma = false; // An element has to follow.

  push(bytes: Uint8Array): unknown[] {
    const from = this.#rest.length;
    const joined = new Uint8Array(from + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, from);
    let cut = -1;
    let start = 0;
    for (let index = from; index < joined.length; index++) {
      const byte = joined[index]!;
      if (this.#depth === 0) {
        this.#passOutside(byte);
        if (!this.#isOver) start = index + 1;
      } else if (this.#isCut(byte)) cut = index;
    }
    this.#rest = joined.slice(Math.max(start, cut + 1));
    return cut < start ? [] : this.#parse(joined.subarray(start, cut));
  }

  end(): void {
    if (!this.#isOver) throw new SyntaxError("The JSON array has no end");
  }

  #passOutside(byte: number): void {
    if (byte === open && !this.#isOver) this.#depth = 1;
    else if (byte > 0x20) throw new SyntaxError("The JSON text is not one array");
  }

  /** Takes the next byte of the array, and tells whether it ends an element of it. */
  #isCut(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInString = false;
    } else if (byte === quote) this.#isInString = true;
    else if (byte === comma) return this.#depth === 1;
    else if (byte === open || byte === openBrace) this.#depth++;
    else if (byte === close || byte === closeBrace) {
      if (--this.#depth > 0) return false; // Whether it is the right one is seen by `JSON.parse`.
      if (byte !== close) throw new SyntaxError("The JSON array does not end with a bracket");
      return this.#isOver = true;
    }
    return false;
  }

  #parse(bytes: Uint8Array): unknown[] {
    const elements: unknown[] = JSON.parse(`[${this.#decoder.decode(bytes)}]`);
    const isEmptyArray = this.#isOver && !this.#hasComma;
    if (elements.length === 0 && !isEmptyArray) throw new SyntaxError("A JSON element is missing");
    this.#hasComma = !this.#isOver;
    return elements;
  }
}
