/** A source whose chunks are arrays of items. Made by `chunks`. */
export class Chunks<T> {
  /** What every copy of this package knows the class by. */
  static readonly millrace: string = "Chunks";

  /** The stream or iterable of arrays. */
  readonly source:
    | ReadableStream<readonly T[]>
    | AsyncIterable<readonly T[]>
    | Iterable<readonly T[]>;

  /** Marks a stream or iterable of arrays. */
  constructor(
    source: ReadableStream<readonly T[]> | AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  ) {
    this.source = source;
  }
}

/**
 * Marks a source whose chunks are arrays of items: pages of a cursor, fetches of a broker, parsed
 * blocks of a file. One hop then carries many items, which is the fast path of every pipeline.
 *
 * The arrays are handed over: one of exactly `batchSize` items becomes a batch as it is.
 *
 * @example Pages of two
 * ```ts
 * import { batched, chunks } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const batches = batched(chunks([[1, 2], [3, 4], [5]]), { batchSize: 3 });
 * deepEqual(await Array.fromAsync(batches), [[1, 2, 3], [4, 5]]);
 * ```
 */
export function chunks<T>(
  source: ReadableStream<readonly T[]> | AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
): Chunks<T> {
  return new Chunks(source);
}
