import type { Checkpoint, Guarantee } from "../report-types.ts";

/** Terms of the run that reads a source. */
export interface RunTerms {
  /** Store of the run's checkpoint, if it has one. */
  readonly checkpoints: unknown;
  /** Way in which the run resumes after finished items. */
  readonly resume: "skip" | "source";
  /** Guarantee requested, if any. */
  readonly guarantee: Guarantee | undefined;
  /** Number of batches in progress at the same time. */
  readonly workers: number;
  /** Retry rules for the source: the most times that a failing source is opened. */
  readonly retry: { readonly extract: { readonly maxAttempts: number } };
}

/** A source whose chunks are arrays of items. Made by `chunks`. */
export class Chunks<T> {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "Chunks";

  /** The stream or iterable of arrays. */
  readonly source:
    | ReadableStream<readonly T[]>
    | AsyncIterable<readonly T[]>
    | Iterable<readonly T[]>;

  /**
   * Rejects a run whose terms the source cannot keep, and then cancels the source. Returns the
   * guarantee to which it weakens the run's, if it does. Called before the source is read, with the
   * finished items that the run `found`, and the pipeline. Without it, all terms are kept.
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
 * blocks of a file. Each chunk then carries many items, which is the fast path of every pipeline.
 *
 * The arrays are handed over: an array of exactly `batchSize` items becomes a batch without a copy.
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
