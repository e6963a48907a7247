import { EtlError } from "../../errors.ts";

/**
 * Kind of failure of a thread: it ended (`"exit"`), by an error outside of its function
 * (`"error"`), or as an item took too long (`"timeout"`); an item cannot be sent to it (`"input"`),
 * or a result from it (`"output"`); or it was closed while somebody waited (`"closed"`).
 */
export type ThreadFailure = "exit" | "error" | "timeout" | "input" | "output" | "closed";

/**
 * An item, or its result, did not come through a thread. What the function itself throws comes as it
 * is.
 */
export class ThreadError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "ThreadError";
  /** The class of the error. */
  override readonly name = "ThreadError" as const;
  /** The kind of the error. */
  override readonly code = "THREAD" as const;
  /** Kind of failure. */
  readonly failure: ThreadFailure;

  /** Makes the error of a failure; `cause` is what the runtime said, where it said something. */
  constructor(failure: ThreadFailure, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.failure = failure;
  }
}
