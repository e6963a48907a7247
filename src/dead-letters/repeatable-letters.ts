import type { DeadLetter } from "./dead-letter.ts";

/** Keeps letters in a store: like an underlying sink, but it may be called again after a failure. */
export interface LetterSink<E = unknown> {
  /** Stores a letter; may reject when the signal aborts. */
  write(letter: DeadLetter<E>, controller: { readonly signal: AbortSignal }): unknown;
  /**
   * Stores several letters in order, or none of them. If present, a run writes together the letters
   * that arrive while others are being written, such as those of a batch.
   */
  writeAll?(
    letters: readonly DeadLetter<E>[],
    controller: { readonly signal: AbortSignal },
  ): unknown;
}

/**
 * Property of a stream for dead letters: its sink. The stream itself is unusable after its first failure.
 */
const letterSink: unique symbol = Symbol.for("millrace.letterSink") as typeof letterSink;

/** Returns a stream for the dead letters of a store, whose writes a run may try again. */
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
