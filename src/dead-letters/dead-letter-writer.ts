import { EtlError } from "../errors.ts";
import { positiveInteger, type Rule } from "../options.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { type LetterSink, letterSinkOf } from "./repeatable-letters.ts";
import type { RetrySettings } from "../retry/retry.ts";
import { callStore } from "../retry/store-call.ts";
import { isWritableStream, openWriter, silence } from "./writer.ts";

/**
 * Limit of dead letters: a number of them in the run, or a share of
 * the items that were finished last.
 */
export type DeadLetterLimit = number | {
  /** The share that may be given up on: above 0, up to 1. */
  readonly ratio: number;
  /** Of how many items: a positive integer. */
  readonly window: number;
};

/** Parts of the writer of dead letters. */
export interface DeadLetterWriterParts<E> {
  /** Action of the run, for the message about an unusable stream. */
  readonly action: string;
  /** Where the letters go; or what makes a stream for this run, which then closes it. */
  readonly stream: WritableStream<DeadLetter<E>> | (() => WritableStream<DeadLetter<E>>);
  /** Once it has aborted, no further letter is written. */
  readonly signal?: AbortSignal;
  /** With the letter beyond it the run fails. */
  readonly max: DeadLetterLimit;
  /** When a letter that a store could not keep is written again. */
  readonly retry?: RetrySettings;
}

/** A stream for dead letters, of this realm or of another, or what makes one for each run. */
export const deadLetterTarget: Rule = {
  expected: "a WritableStream, or a function that returns one",
  test: (value) => typeof value === "function" || isWritableStream(value),
};

/** The most dead letters of a run, or their highest share. */
export const deadLetterLimit: Rule = {
  expected:
    "a non-negative integer, Infinity, or { ratio, window } with a ratio above 0 and up to 1 " +
    "and a positive integer as window",
  test: (value) => {
    if (typeof value === "number") return value >= 0 && (value % 1 === 0 || value === Infinity);
    const { ratio, window, ...others } = Object(value) as { ratio?: unknown; window?: unknown };
    if (Object.keys(others).length > 0) return false;
    return typeof ratio === "number" && ratio > 0 && ratio <= 1 && positiveInteger.test(window);
  },
};

/**
 * Writes the dead letters of a run in the order in which they come, one after the other; a store that
 * takes several at once is given all that wait. Each is kept where its stream keeps it once its
 * `write` has settled. Where the stream fails, so does every write from then on, and nothing is
 * dropped in silence.
 */
export class DeadLetterWriter<E = unknown> {
  readonly #action: string;
  readonly #signal: AbortSignal | undefined;
  readonly #make: (() => WritableStream<DeadLetter<E>>) | undefined; // What it gives is the run's.
  #writer: WritableStreamDefaultWriter<DeadLetter<E>> | undefined;
  readonly #retry: RetrySettings | undefined;
  readonly #gone = new AbortController(); // Ends a write that nobody waits for any more.
  #sink: LetterSink<E> | undefined; // Where a write may be tried again.
  readonly #max: DeadLetterLimit;
  readonly #allowed: number; // Letters in a window.
  readonly #places: number[] = []; // Of the last letters among the finished items: a ring.
  #letters = 0;
  #finished = 0;
  #last: Promise<unknown> = Promise.resolve();
  #written: Promise<void> = Promise.resolve(); // The last write.
  #next: DeadLetter<E>[] | undefined; // Its letters, which others may join, as it has not begun.
  #hasFailed = false; // A write has told why.

  /**
   * Locks a stream that is given; one that is made is there from `open` on.
   * @throws {ConfigurationError} If it is no stream, or one that somebody else writes to.
   */
  constructor({ action, stream, max, signal, retry }: DeadLetterWriterParts<E>) {
    this.#action = action;
    this.#signal = signal;
    this.#retry = retry;
    this.#max = max;
    // A product such as 0.29 × 100 falls short of the integer that is meant.
    this.#allowed = typeof max === "number" ? max : Math.floor(max.ratio * max.window + 1e-9);
    if (typeof stream === "function") this.#make = stream;
    else this.#lock(stream);
  }

  /**
   * Has the stream made, where it is to be. Called once, before the first letter.
   * @throws {ConfigurationError} If that gives no stream, or one that somebody else writes to.
   */
  open(): void {
    if (this.#make !== undefined) this.#lock(this.#make());
  }

  /** Counts items that were finished otherwise: loaded or left out. */
  finished(count: number): void {
    this.#finished += count;
  }

  /** Letters that are given to it at once are written together. */
  get gathers(): boolean {
    return this.#sink?.writeAll !== undefined;
  }

  /**
   * Writes a letter, after those before it and once the stream has room. Settles when the stream has
   * written it.
   */
  write(letter: DeadLetter<E>): Promise<void> {
    const isRefused = this.#isTooMany();
    if (!isRefused && this.#next?.push(letter)) return this.#written;
    const letters = [letter];
    const written = this.#written = this.#last.then(async () => {
      if (isRefused) throw this.#errorOf(letter);
      await this.#writer!.ready;
      this.#next = undefined;
      this.#signal?.throwIfAborted();
      await this.#write(letters);
    });
    this.#next = !isRefused && this.gathers ? letters : undefined;
    this.#last = written.catch(() => void (this.#hasFailed ||= !isRefused)); // The caller is told.
    return written;
  }

  /** Ends after the last letter: an own stream is closed, another is released and stays open. */
  async close(): Promise<void> {
    await this.#last;
    try {
      if (this.#make !== undefined && !this.#hasFailed) await this.#writer?.close();
    } finally {
      this.release();
    }
  }

  /** Lets go of the stream at once: what is not written by now is refused. */
  release(): void {
    this.#gone.abort();
    if (this.#writer === undefined) return;
    this.#writer.releaseLock();
    silence(this.#writer);
  }

  async #write(letters: readonly DeadLetter<E>[]): Promise<void> {
    const sink = this.#sink;
    const [letter] = letters as [DeadLetter<E>];
    if (sink === undefined) return await this.#writer!.write(letter);
    const write = (signal: AbortSignal) =>
      letters.length > 1 ? sink.writeAll!(letters, { signal }) : sink.write(letter, { signal });
    await callStore(write, this.#retry!, this.#signal, this.#gone.signal);
  }

  #isTooMany(): boolean {
    const max = this.#max;
    const place = ++this.#finished;
    const slot = this.#letters++ % this.#allowed;
    if (typeof max === "number") return this.#letters > max;
    const before = this.#places[slot] ?? -Infinity; // As many letters ago as are allowed.
    this.#places[slot] = place;
    return this.#allowed === 0 || place - before < max.window;
  }

  #errorOf({ error: cause }: DeadLetter<E>): EtlError {
    const max = this.#max;
    const words = typeof max === "number"
      ? `More than ${max} dead letter${max === 1 ? "" : "s"}`
      : `More than ${max.ratio} of the last ${max.window} items are dead letters`;
    return new EtlError(words, { cause });
  }

  #lock(stream: WritableStream<DeadLetter<E>>): void {
    this.#writer = openWriter(this.#action, "deadLetters", stream);
    this.#sink = this.#retry && letterSinkOf(stream);
  }
}
