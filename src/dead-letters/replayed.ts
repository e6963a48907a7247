import type { DeadLetter } from "./dead-letter.ts";

/** A dead letter on its way through a pipeline once more: what its replay extracts. */
export class Replayed<E = unknown> {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "Replayed";

  /** The letter. */
  readonly letter: DeadLetter<E>;

  /** Wraps a letter, so that it is told from an item. */
  constructor(letter: DeadLetter<E>) {
    this.letter = letter;
  }
}
