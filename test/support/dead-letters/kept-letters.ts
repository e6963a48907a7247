import type { DeadLetter } from "../../../src/index.ts";

/** A stream of dead letters that keeps what is written, and what it was ended by. */
export class KeptLetters<E = number> {
  /** The letters, in the order in which they were written. */
  readonly letters: DeadLetter<E>[] = [];
  /** `"close"` or the reason of an abort. */
  readonly ends: unknown[] = [];
  /** Hand it over as `deadLetters`. */
  readonly stream: WritableStream<DeadLetter<E>>;

  /** `write` is called before a letter is kept: it may take its time, or fail. */
  constructor(write: (letter: DeadLetter<E>) => unknown = () => {}) {
    this.stream = new WritableStream<DeadLetter<E>>({
      write: async (letter) => {
        await write(letter);
        this.letters.push(letter);
      },
      close: () => void this.ends.push("close"),
      abort: (reason) => void this.ends.push(reason),
    });
  }

  /** The items of the letters. */
  get items(): E[] {
    return this.letters.map(({ item }) => item);
  }
}
