import type { Checkpoint, Guarantee } from "../report-types.ts";

/** Terms of the run that reads a source. */
export interface RunTerms {
  /** Where the run keeps what is finished, if it does. */
  readonly checkpoints: unknown;
  /** Way in which it resumes after finished items. */
  readonly resume: "skip" | "source";
  /** Guarantee that was asked for, if any. */
  readonly guarantee: Guarantee | undefined;
  /** Number of batches in progress at once. */
  readonly workers: number;
  /** Most times that a failing source is opened. */
  readonly retry: { readonly extract: { readonly maxAttempts: number } };
}

/** A source whose chunks are arrays of items. Made by `chunks`. */
export class Chunks<T> {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "Chunks";

  /** The stream or iterable of arrays. */
  readonly source:
    | ReadableStream<readonly T[]>
    | AsyncIterable<readonly T[]>
    | Iterable<readonly T[]>;

  /**
   * Refuses a run whose terms the source cannot keep, and then cancels itself; gives the guarantee that
   * it weakens all of them to, if it does. Called before it is read, with what the run has `found`
   * finished, and of which pipeline. Without it all terms are kept.
   */
  declare readonly checkTerms?: (
    action: string,
    terms: RunTerms,
    found: Checkpoint | undefined,
    pipeline?: { readonly replayable?: boolean | undefined; readonly load: unknown },
  ) => Guarantee | undefined;

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
