import { callable, checkOptions, fail } from "../../options.ts";
import type { ThreadFunction, ThreadOutput } from "./options.ts";
import { Server } from "./server.ts";
import { threadPort } from "./thread-port.ts";

/** Options of `thread`. */
export interface ThreadOptions<O = unknown> {
  /** Returns the objects of results to move to the main thread instead of copying. */
  readonly transfer?: ((rows: readonly O[]) => object[]) | undefined;
}

/** Mark of the functions of threads, for every copy of this package. */
const threadedMark: unique symbol = Symbol.for("millrace.threaded") as typeof threadedMark;

/** Server of this thread: each has modules of its own. */
const here: { server?: Server } = {};

/** Tells whether a function was given to `thread`. */
export function isThreaded(value: unknown): value is ThreadFunction {
  return typeof value === "function" && threadedMark in value;
}

/**
 * Marks a function as the one that its module runs for `inThreads`; make it the default export. It
 * receives one item, and returns a row, `skip`, `many(rows)`, or a promise of it. An error fails that
 * item alone. In a thread started by `inThreads` the function is served. Elsewhere `thread` only returns
 * it, so you can import and test it like any other. If a module imports another one that calls `thread`,
 * its own function is used.
 *
 * @example A function for threads is a function
 * ```ts
 * import { thread } from "millrace/threads";
 * import { equal } from "node:assert/strict";
 *
 * const square = thread((n: number) => n * n);
 * equal(square(3), 9);
 * ```
 *
 * @throws {ConfigurationError} If `fn` is not a function, or an option breaks its rule.
 */
export function thread<M extends ThreadFunction>(
  fn: M,
  options: ThreadOptions<ThreadOutput<M>> = {},
): M {
  if (typeof fn !== "function") fail("call thread()", "fn", callable.expected, fn);
  const { transfer } = checkOptions<ThreadOptions, "transfer">(
    "call thread()",
    options as ThreadOptions,
    { transfer: [callable] },
  );
  Object.defineProperty(fn, threadedMark, { value: true });
  if (here.server === undefined) {
    const port = threadPort();
    if (port === undefined) return fn;
    here.server = new Server(port);
  }
  here.server.use(fn, transfer);
  return fn;
}
