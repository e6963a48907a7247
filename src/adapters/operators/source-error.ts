import { EtlError, messageOf, propertyOf } from "../../errors.ts";

/** Thrown when one of several combined sources fails. `cause` is the error of that source. */
export class SourceError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "SourceError";
  /** The class of the error. */
  override readonly name = "SourceError" as const;
  /** The kind of the error. */
  override readonly code = "SOURCE" as const;
  /** Index of the source, from 0. */
  readonly index: number;
  /** Milliseconds to wait before the next attempt, if the error says so. */
  readonly retryAfter: unknown;

  /** Makes the error of a source from its cause. */
  constructor(index: number, cause: unknown) {
    super(`Source ${index} failed: ${messageOf(cause)}`, { cause });
    this.index = index;
    this.retryAfter = propertyOf(cause, "retryAfter");
  }
}
