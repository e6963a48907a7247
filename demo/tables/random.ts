/** Random choices, the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number of at least `from` and at most `to`. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  /** One of the words. */
  pick<T>(words: readonly T[]): T {
    return words[this.between(0, words.length - 1)]!;
  }

  /** `from` to `to` things. */
  list<T>(from: number, to: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.between(from, to) }, (_, index) => make(index));
  }

  /** So many letters. */
  text(length: number): string {
    let text = "";
    while (text.length < length) text += this.between(0, 0x7fff_ffff).toString(36);
    return text.slice(0, length);
  }

  /** An instant of the year 2025. */
  time(): string {
    return new Date(Date.UTC(2025, 0, 1) + this.between(0, 365 * 86_400 - 1) * 1000).toISOString();
  }

  /** Below 1: mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
