/** Answer of a reader: items, which must not be changed, or `undefined` at the end. */
export type Answer<T> = readonly T[] | undefined;

/**
 * Reads a source in arrays of items. This is what operators and combinators are made of: each reads
 * one or several of them, and is one.
 */
export interface ChunkReader<T> {
  /**
   * Gives the next items, which may be none; `undefined` at the end, also when asked again. Throws or
   * rejects once with what has failed, after all that was read before, and is at its end then. It is
   * called again only when the answer before has settled.
   *
   * @param most More items than that are of no use: what reads them one by one reads no more.
   */
  next(most?: number): Answer<T> | Promise<Answer<T>>;
  /**
   * Makes it give no more, also while an answer is awaited, which then is the end or does not come.
   * Settles when it has let go of what it holds.
   */
  cancel(reason: unknown): void | Promise<void>;
}
