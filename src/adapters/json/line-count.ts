/** Counts lines in bytes that arrive in chunks, only as far as requested. */
export class LineCount {
  #bytes: Uint8Array = new Uint8Array(0);
  /** The number of the line at the place up to which line feeds were counted. */
  #line: number;
  #counted = 0;

  /** Starts in a line. */
  constructor(line: number) {
    this.#line = line;
  }

  /** Moves on to the next chunk. */
  begin(bytes: Uint8Array): void {
    this.lineAt(this.#bytes.length);
    this.#bytes = bytes;
    this.#counted = 0;
  }

  /** Returns the number of the line at a place in the chunk. Places must not go back. */
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
