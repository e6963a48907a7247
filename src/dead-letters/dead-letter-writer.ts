import { EtlError } from "../errors.ts";
import { positiveInteger, type Rule } from "../options.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { type LetterSink, letterSinkOf } from "./repeatable-letters.ts";
import type { RetrySettings } from "../retry/retry.ts";
import { callStore } from "../retry/store-call.ts";
import { isWritableStream, openWriter, silence } from "./writer.ts";

/** Limit of dead letters: their number in a run, or their share of the last finished items. */
export type DeadLetterLimit = number | {
  /** Largest share that may be given up on: above 0, up to 1. */
  readonly ratio: number;
  /** Number of items of the share: a positive integer. */
  readonly window: number;
};

/** Parts of the writer of dead letters. */
export interface DeadLetterWriterParts<E> {
  /** Action of the run, for the message about an unusable stream. */
  readonly action: string;
  /** Stream for the letters, or a function that makes a stream for this run, which then closes it. */
  readonly stream: WritableStream<DeadLetter<E>> | (() => WritableStream<DeadLetter<E>>);
  /** Signal after which no further letter is written. */
  readonly signal?: AbortSignal;
  /** Limit: one more letter fails the run. */
  readonly max: DeadLetterLimit;
  /** Retry rules for a letter that a store could not keep. */
  readonly retry?: RetrySettings;
}

/** Rule for a stream for dead letters, from any realm, or a function that makes one for each run. */
export const deadLetterTarget: Rule = {
  expected: "a WritableStream, or a function that returns one",
  test: (value) => typeof value === "function" || isWritableStream(value),
};

/** Rule for the most dead letters of a run, or their largest share. */
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
 * Writes the dead letters of a run in order, one after the other; a store that accepts several at once
 * receives all waiting ones. A letter is kept by its stream once its `write` has settled. If the stream
 * fails, so does every later write, and nothing is dropped silently.
 */
export class DeadLetterWriter<E = unknown> {
  readonly #action: string;
  readonly #signal: AbortSignal | undefined;
  readonly #make: (() => WritableStream<DeadLetter<E>>) | undefined; // Its result belongs to the run.
  #writer: WritableStreamDefaultWriter<DeadLetter<E>> | undefined;
  readonly #retry: RetrySettings | undefined;
  readonly #gone = new AbortController(); // Ends a write that is no longer awaited.
  #sink: LetterSink<E> | undefined; // Set if a write may be tried again.
  readonly #max: DeadLetterLimit;
  readonly #allowed: number; // Most letters in a window.
  readonly #places: number[] = []; // Places of the last letters among the finished items: a ring.
  #letters = 0;
  #finished = 0;
  #last: Promise<unknown> = Promise.resolve();
  #written: Promise<void> = Promise.resolve(); // The last write.
  #next: DeadLetter<E>[] | undefined; // Its letters; others may join until it begins.
  #hasFailed = false; // A write has reported the reason.

  /**
   * Locks a given stream; a stream made by a function exists only after `open`.
   * @throws {ConfigurationError} If it is not a stream, or is locked by another writer.
   */
  constructor({ action, stream, max, signal, retry }: DeadLetterWriterParts<E>) {
    this.#action = action;
    this.#signal = signal;
    this.#retry = retry;
    this.#max = max;
    // A product such as 0.29 × 100 falls short of the intended integer.
    this.#allowed = typeof max === "number" ? max : Math.floor(max.ratio * max.window + 1e-9);
    if (typeof stream === "function") this.#make = stream;
    else this.#lock(stream);
  }

  /**
   * Makes the stream, if a function was given. Called once, before the first letter.
   * @throws {ConfigurationError} If the result is not a stream, or is locked by another writer.
   */
  open(): void {
    if (this.#make !== undefined) this.#lock(this.#make());
  }

  /** Counts items that were finished without a dead letter: loaded or skipped. */
  finished(count: number): void {
    this.#finished += count;
  }

  /** True if letters that arrive together are written together. */
  get gathers(): boolean {
    return this.#sink?.writeAll !== undefined;
  }

  /** Writes a letter, after those before it and once the stream has room. Settles when it is written. */
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
    this.#last = written.catch(() => void (this.#hasFailed ||= !isRefused)); // The caller is notified.
    return written;
  }

  /** Ends after the last letter: the run's own stream is closed; another is released and stays open. */
  async close(): Promise<void> {
    await this.#last;
    try {
      if (this.#make !== undefined && !this.#hasFailed) await this.#writer?.close();
    } finally {
      this.release();
    }
  }

  /** Releases the stream at once: unwritten letters are rejected. */
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
    const before = this.#places[slot] ?? -Infinity; // The place as many letters ago as are allowed.
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
