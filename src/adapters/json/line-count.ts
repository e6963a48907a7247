/** Counts the lines of bytes that come in chunks, as far as somebody asks. */
export class LineCount {
  #bytes: Uint8Array = new Uint8Array(0);
  /** The number of the line at a place of the chunk, up to which line feeds were counted. */
  #line: number;
  #counted = 0;

  /** Begins in a line. */
  constructor(line: number) {
    this.#line = line;
  }

  /** Goes on to a chunk. */
  begin(bytes: Uint8Array): void {
    this.lineAt(this.#bytes.length);
    this.#bytes = bytes;
    this.#counted = 0;
  }

  /** The number of the line at a place of the chunk; the places must not go back. */
  lineAt(place: number): number {
    for (;;) {
      const found = this.#bytes.indexOf(10, this.#counted);
      if (found < 0 || found >= place) break;
      this.#line++;
      this.#counted = found + 1;
    }
    return this.#line;
  }
}
