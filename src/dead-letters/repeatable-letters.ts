import type { DeadLetter } from "./dead-letter.ts";

/** Keeps letters in a store: as what a stream is made of, but it may be called again after a failure. */
export interface LetterSink<E = unknown> {
  /** Keeps a letter; may reject when the signal aborts. */
  write(letter: DeadLetter<E>, controller: { readonly signal: AbortSignal }): unknown;
  /**
   * Keeps all of several letters in their order, or none of them. Where it is there, a run has those
   * written together that came while others were written, such as the letters of a batch.
   */
  writeAll?(
    letters: readonly DeadLetter<E>[],
    controller: { readonly signal: AbortSignal },
  ): unknown;
}

/**
 * On a stream for dead letters: what it writes to. The stream itself is of no use any more after its
 * first failure.
 */
const letterSink: unique symbol = Symbol.for("millrace.letterSink") as typeof letterSink;

/** A stream for the dead letters of a store, whose writes a run may try again. */
export function repeatableLetters<E>(sink: LetterSink<E>): WritableStream<DeadLetter<E>> {
  const stream = new WritableStream<DeadLetter<E>>({
    write: async (letter, controller) => void await sink.write(letter, controller),
  });
  return Object.assign(stream, { [letterSink]: sink });
}

/** Returns the sink behind a stream, if its write may be repeated after a failure. */
export function letterSinkOf<E>(stream: WritableStream<DeadLetter<E>>): LetterSink<E> | undefined {
  return (stream as { [letterSink]?: LetterSink<E> })[letterSink];
}
