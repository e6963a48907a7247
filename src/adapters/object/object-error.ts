import { EtlError, isOf } from "../../errors.ts";

/** Options of an `ObjectError`. */
export interface ObjectErrorOptions {
  /** The status of the response, if there was one. */
  readonly status?: number | undefined;
  /** Milliseconds to wait before the next attempt, if the store says so. */
  readonly retryAfter?: number | undefined;
  /** The error of the request. */
  readonly cause?: unknown;
}

/**
 * Thrown when an object store rejects a request, sends no response or only a part of one, or if an object
 * is not as expected. The message names the object.
 *
 * @example An object that is not there
 * ```ts
 * import { folderStore, ObjectError, readObject } from "millrace/object";
 * import { lines } from "millrace/ndjson";
 * import { batched } from "millrace";
 * import { equal } from "node:assert/strict";
 * import { tmpdir } from "node:os";
 *
 * const object = readObject(folderStore(tmpdir()), "no/such.txt");
 * const error = await Array.fromAsync(batched(lines(object))).catch((error) => error);
 * equal(error instanceof ObjectError && error.message, 'Cannot read object "no/such.txt": there is none');
 * ```
 */
export class ObjectError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "ObjectError";
  /** The class of the error. */
  override readonly name = "ObjectError" as const;
  /** The kind of the error. */
  override readonly code = "OBJECT" as const;
  /** The status of the response; `undefined` if there was none. */
  readonly status: number | undefined;
  /** Milliseconds to wait before the next attempt, if the store says so. */
  readonly retryAfter: number | undefined;

  /** Makes the error of an object. */
  constructor(message: string, options: ObjectErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** Returns true if a later attempt may succeed: there was no response, or one that says "not now". */
export function mayPass(error: unknown): boolean {
  if (!isOf(error, ObjectError)) return true; // A connection that has broken.
  const { status } = error;
  return status !== undefined && (status >= 500 || [408, 409, 425, 429].includes(status));
}
