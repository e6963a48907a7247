import type { DeadLetter } from "./dead-letter.ts";

/** A dead letter on its way through a pipeline again. Extracted by a replay. */
export class Replayed<E = unknown> {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "Replayed";

  /** The letter. */
  readonly letter: DeadLetter<E>;

  /** Wraps a letter, to distinguish it from an item. */
  constructor(letter: DeadLetter<E>) {
    this.letter = letter;
  }
}
