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
 * Makes a function the one that its module runs for `inThreads`: export it by default. It gets one
 * item, and returns a row, `skip`, `many(rows)`, or a promise of it; what it throws fails that item
 * alone. In a thread that `inThreads` began it serves; elsewhere it does nothing but give the function
 * back, to be imported and tested like any other. Where a module imports another one that calls
 * `thread`, its own function counts.
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
