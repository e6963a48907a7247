import { EtlError, messageOf, propertyOf } from "../../errors.ts";

/** One of several sources that were put together failed. `cause` is its own error. */
export class SourceError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "SourceError";
  /** The class of the error. */
  override readonly name = "SourceError" as const;
  /** The kind of the error. */
  override readonly code = "SOURCE" as const;
  /** Index of the source, from 0. */
  readonly index: number;
  /** Time until the next attempt in milliseconds, if the error says it. */
  readonly retryAfter: unknown;

  /** Makes the error of a source from its own. */
  constructor(index: number, cause: unknown) {
    super(`Source ${index} failed: ${messageOf(cause)}`, { cause });
    this.index = index;
    this.retryAfter = propertyOf(cause, "retryAfter");
  }
}
