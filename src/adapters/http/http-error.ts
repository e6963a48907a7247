import { EtlError, isOf } from "../../errors.ts";

/** Options of an `HttpError`. */
export interface HttpErrorOptions {
  /** The status of the response, if there was one. */
  readonly status?: number | undefined;
  /** Milliseconds to wait before the next attempt, if the service says so. */
  readonly retryAfter?: number | undefined;
  /** The error of `fetch`, or of the function that reads the body. */
  readonly cause?: unknown;
}

/**
 * Thrown when a request gets a status of 400 or more, a body that cannot be read, or no response. The
 * message names method, address and status, and quotes the beginning of the response. Parts of the
 * address that may be secret are left out.
 *
 * @example Status of the answer
 * ```ts
 * import { HttpError, readPages } from "millrace/http";
 * import { batched } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * const fetch = async () => new Response("No such list", { status: 404, statusText: "Not Found" });
 * const pages = readPages("https://api.example/users", { next: "link", fetch });
 * const error = await Array.fromAsync(batched(pages)).catch((error) => error as HttpError);
 * deepEqual(error, new HttpError(
 *   "GET https://api.example/users answered 404 Not Found: No such list",
 *   { status: 404 },
 * ));
 * ```
 */
export class HttpError extends EtlError {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "HttpError";
  /** The class of the error. */
  override readonly name = "HttpError" as const;
  /** The kind of the error. */
  override readonly code = "HTTP" as const;
  /** The status of the response; `undefined` if there was none. */
  readonly status: number | undefined;
  /** Milliseconds to wait before the next attempt, if the service says so. */
  readonly retryAfter: number | undefined;

  /** Makes the error of a request. */
  constructor(message: string, options: HttpErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * Returns true if a request is worth another attempt: the service was not reached, timed out, asked for a
 * pause, or responded with 408, 425, 429, a status of 500 or more, or a truncated body. `readPages` uses
 * it. For a `load` over HTTP, pass it as `isRetriable` of `retry.load`.
 *
 * @example A status that may pass, and one that does not
 * ```ts
 * import { HttpError, isTransient } from "millrace/http";
 * import { deepEqual } from "node:assert/strict";
 *
 * const errors = [503, 422].map((status) => new HttpError("No", { status }));
 * deepEqual(errors.map((error) => isTransient(error)), [true, false]);
 * ```
 */
export function isTransient(error: unknown): boolean {
  if (!isOf(error, HttpError)) return (error as Error | undefined)?.name === "TimeoutError";
  const { status = 500, retryAfter } = error;
  const isPassing = status >= 500 || status < 400; // Below 400 it is the body that was cut off.
  return retryAfter !== undefined || isPassing || [408, 425, 429].includes(status);
}

/** Parameters of an address that may be secret: messages are logged. */
const secret = /key|token|secret|pass|sig|auth|code|credential/i;

/** An address as messages show it. */
export function shown(address: string): string {
  const url = new URL(address);
  url.username = url.password = url.hash = "";
  for (const name of new Set(url.searchParams.keys())) {
    if (secret.test(name)) url.searchParams.set(name, "***");
  }
  return url.href;
}
