import type { Answer, ChunkReader } from "./chunk-reader.ts";
import type { Operator } from "./operator.ts";
import { connectAll, partsOf } from "./pipe.ts";
import { streamFrom } from "./stream-of.ts";

const ITEMS_THAT_WAIT = 256; // Of the input, until somebody reads.

/**
 * Converts operators to a transform for `pipeThrough`, item by item: `I` → `O`. Inside they work on
 * arrays of the items that are written and not yet read, up to 256.
 *
 * If the input fails or is aborted, the items written before are passed on, and then the error. If an
 * operator fails, both sides fail. Cancelling ends both. A malformed item is an error of the stream.
 *
 * @example
 * ```ts
 * import { filter, map, transformOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const squares = ReadableStream.from([1, 2, 3])
 *   .pipeThrough(transformOf(filter((n: number) => n > 1), map((n) => n * n)));
 * deepEqual(await Array.fromAsync(squares), [4, 9]);
 * ```
 *
 * @throws {ConfigurationError} If an operator is invalid.
 */
export function transformOf<I, O>(o1: Operator<I, O>): TransformStream<I, O>;
/** Converts 2 operators to a transform. */
export function transformOf<A, B, C>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
): TransformStream<A, C>;
/** Converts 3 operators to a transform. */
export function transformOf<A, B, C, D>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
): TransformStream<A, D>;
/** Converts 4 operators to a transform. */
export function transformOf<A, B, C, D, E>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
): TransformStream<A, E>;
/** Converts 5 operators to a transform. */
export function transformOf<A, B, C, D, E, F>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
): TransformStream<A, F>;
/** Converts 6 operators to a transform. */
export function transformOf<A, B, C, D, E, F, G>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
): TransformStream<A, G>;
/** Converts 7 operators to a transform. */
export function transformOf<A, B, C, D, E, F, G, H>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
): TransformStream<A, H>;
/** Converts 8 operators to a transform. */
export function transformOf<A, B, C, D, E, F, G, H, I>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
  o8: Operator<H, I>,
): TransformStream<A, I>;
/** Converts 9 operators to a transform. */
export function transformOf<A, B, C, D, E, F, G, H, I, J>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
  o8: Operator<H, I>,
  o9: Operator<I, J>,
): TransformStream<A, J>;
/** Converts 10 operators to a transform. */
export function transformOf<A, B, C, D, E, F, G, H, I, J, K>(
  o1: Operator<A, B>,
  o2: Operator<B, C>,
  o3: Operator<C, D>,
  o4: Operator<D, E>,
  o5: Operator<E, F>,
  o6: Operator<F, G>,
  o7: Operator<G, H>,
  o8: Operator<H, I>,
  o9: Operator<I, J>,
  o10: Operator<J, K>,
): TransformStream<A, K>;
export function transformOf(...operators: readonly unknown[]): TransformStream<unknown, unknown> {
  const parts = partsOf("construct transformOf", operators);
  const written = new WrittenReader<unknown>();
  const reader = connectAll(written, parts);
  return { readable: streamFrom(() => reader), writable: written.writable };
}

/** Reads what is written. */
class WrittenReader<T> implements ChunkReader<T> {
  readonly writable: WritableStream<T>;
  #input!: WritableStreamDefaultController; // Set by `start`, within the constructor.
  #items: T[] = [];
  #isOver = false; // Nothing more is written.
  #failure: { readonly error: unknown } | undefined;
  #give: ((answer: Answer<T> | Promise<Answer<T>>) => void) | undefined; // An answer is awaited.
  #makeRoom = () => {};
  #finish = () => {};

  constructor() {
    this.writable = new WritableStream<T>({
      start: (input) => void (this.#input = input),
      write: (item) => {
        if (this.#isOver) return;
        this.#items.push(item);
        this.#answer();
        if (this.#items.length < ITEMS_THAT_WAIT) return;
        return new Promise((resolve) => void (this.#makeRoom = resolve));
      },
      close: () => {
        this.#isOver = true;
        this.#answer();
        if (this.#items.length === 0) return;
        return new Promise((resolve) => void (this.#finish = resolve));
      },
      abort: (error) => this.#fail(error),
    });
    // The platform calls `abort` only after the write in flight, which may wait for room.
    this.#input.signal.addEventListener("abort", () => this.#makeRoom());
  }

  next(): Answer<T> | Promise<Answer<T>> {
    return new Promise((resolve) => {
      this.#give = resolve;
      this.#answer();
    });
  }

  cancel(reason: unknown): void {
    if (this.#failure === undefined) this.#input.error(reason);
    this.#isOver = true;
    this.#items = [];
    this.#makeRoom();
    this.#finish();
    this.#answer();
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#failure = { error };
    this.#answer();
  }

  #answer(): void {
    const give = this.#give;
    if (give === undefined || (this.#items.length === 0 && !this.#isOver)) return;
    this.#give = undefined;
    if (this.#items.length > 0) {
      const items = this.#items;
      this.#items = [];
      give(items);
      this.#makeRoom();
      return this.#finish();
    }
    const failure = this.#failure;
    this.#failure = undefined;
    give(failure === undefined ? undefined : Promise.reject(failure.error));
  }
}
