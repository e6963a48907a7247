/** A mark as the table stores it. */
export interface WrittenMark {
  /** The run that has written it. */
  readonly runId: string;
  /** The checkpoint. */
  readonly text: string;
}

/** To compare a longer checkpoint costs more than to read it. */
const maxLength = 4096;

/**
 * Remembers the mark of each key that was committed last from here. The next one is then one statement,
 * which writes only if the row is still the same.
 */
export class KnownMarks {
  readonly #last = new Map<string, WrittenMark>();
  readonly #open = new Map<string, number>(); // Marks of each key whose commit is not known.

  /**
   * Begins a mark, and returns the last one, unless other marks may have changed the row since. That is
   * only a guess: the statement has to compare the row with it.
   */
  begin(key: string): WrittenMark | undefined {
    const open = this.#open.get(key) ?? 0;
    this.#open.set(key, open + 1);
    return open === 0 ? this.#last.get(key) : undefined;
  }

  /** Ends a mark, which has been committed. */
  end(key: string, mark: WrittenMark): void {
    this.#open.set(key, Math.max(0, (this.#open.get(key) ?? 0) - 1));
    if (mark.text.length > maxLength) this.#last.delete(key);
    else this.#last.set(key, mark);
  }

  /** Forgets a key, as its row is written in another way, and the marks whose commit is not known. */
  forget(key: string): void {
    this.#last.delete(key);
    this.#open.delete(key);
  }
}
