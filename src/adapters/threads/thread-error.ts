import { EtlError } from "../../errors.ts";

/**
 * Kind of failure of a thread. `"exit"`: it ended; `"error"`: an error outside its function ended it;
 * `"timeout"`: an item took too long; `"input"`: an item could not be sent to it; `"output"`: a result
 * could not be sent back; `"closed"`: it was closed during a call.
 */
export type ThreadFailure = "exit" | "error" | "timeout" | "input" | "output" | "closed";

/**
 * Thrown when an item or its result does not get through a thread. Errors of the function itself are
 * passed on unchanged.
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

  /** Makes the error of a failure; `cause` is the error of the runtime, if there is one. */
  constructor(failure: ThreadFailure, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.failure = failure;
  }
}
