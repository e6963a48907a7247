/** Counts by a word. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** Counts one more, or several. */
  add(word: string, count = 1): void {
    if (count > 0) this.#counts.set(word, (this.#counts.get(word) ?? 0) + count);
  }

  /** Words and counts, the largest count first. */
  get entries(): [word: string, count: number][] {
    return [...this.#counts].sort(([, a], [, b]) => b - a);
  }
}
