/**
 * Messages between a run and its threads. All of them can be cloned: what cannot (`skip`, rows of
 * `many`, errors with classes) is sent by index. A thread answers requests in order.
 * @module
 */
import type { PackedError } from "./packed-error.ts";

/** Name of the threads of this package, and the key of the port in their `workerData`. */
export const threadMark = "millrace.thread";

/** Items for the function of a thread. */
export interface Request {
  /** Distinguishes it from messages of others. */
  readonly millrace: "items";
  /** The items. */
  readonly items: readonly unknown[];
  /** After how many milliseconds without an answer the thread says that it has finished items. */
  readonly beat?: number | undefined;
}

/** Results of the function of a thread for the items of a request. */
export interface Answer {
  /** Distinguishes it from messages of others. */
  readonly millrace: "results";
  /** The result of each item, `undefined` where it has none. */
  readonly values: unknown[];
  /** The items that gave `skip`. */
  readonly skips: number[];
  /** The items that gave several rows, and whether these are of the item or of the batch. */
  readonly many: [index: number, of: string, rows: readonly unknown[]][];
  /** The items whose call has failed. */
  readonly failures: [index: number, error: PackedError][];
  /** The items whose result cannot be cloned, and why. */
  readonly uncloneable: [index: number, why: string][];
}

/** Whatever a thread says: `ready` once its module is loaded, `alive` between items, `exit` before it ends. */
export type Reply =
  | Answer
  | { readonly millrace: "ready" }
  | { readonly millrace: "alive" }
  | { readonly millrace: "exit"; readonly code: unknown };

/**
 * Returns a message of this package; `undefined` for others, which the module of a thread may send.
 */
export function messageFrom<M extends Request | Reply>(data: unknown): M | undefined {
  const kind = (data as { millrace?: unknown } | null | undefined)?.millrace;
  return typeof kind === "string" ? data as M : undefined;
}
