/**
 * What a run and its threads tell each other. All of it can be cloned: what cannot (`skip`, rows of
 * `many`, errors with classes) is told by index. A thread answers in the order in which it was asked.
 * @module
 */
import type { PackedError } from "./packed-error.ts";

/** What a thread of this package is called, and where in its `workerData` its port is. */
export const threadMark = "millrace.thread";

/** Items for the function of a thread. */
export interface Request {
  /** Tells it from what others send. */
  readonly millrace: "items";
  /** The items. */
  readonly items: readonly unknown[];
  /** After how many milliseconds without an answer the thread says that it has finished items. */
  readonly beat?: number | undefined;
}

/** What the function of a thread made of the items of a request. */
export interface Answer {
  /** Tells it from what others send. */
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

/** What a message of this package says; the module of a thread may well send others. */
export function messageFrom<M extends Request | Reply>(data: unknown): M | undefined {
  const kind = (data as { millrace?: unknown } | null | undefined)?.millrace;
  return typeof kind === "string" ? data as M : undefined;
}
