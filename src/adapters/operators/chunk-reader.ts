/** Answer of a reader: items, which must not be changed, or `undefined` at the end. */
export type Answer<T> = readonly T[] | undefined;

/**
 * Reads a source in arrays of items. Operators and combinators read one or several of these, and are one.
 */
export interface ChunkReader<T> {
  /**
   * Returns the next items, possibly none; `undefined` at the end, even if called again. Throws or
   * rejects once with the failure, after all items read before, and is at its end then. It is called
   * again only after the previous call settled.
   *
   * @param most Maximum useful number of items: a reader of single items reads no more.
   */
  next(most?: number): Answer<T> | Promise<Answer<T>>;
  /**
   * Ends the reader, even while a call is pending; that call then returns the end or never settles.
   * Settles when resources are released.
   */
  cancel(reason: unknown): void | Promise<void>;
}
