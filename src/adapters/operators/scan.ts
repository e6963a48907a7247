import { checkFunction, refusePromise } from "./call-options.ts";
import { type Operator, staged } from "./operator.ts";

/**
 * Yields the state after each item. `init` returns the initial state of each reading, and `add` the next
 * state from an item.
 *
 * A source that is read from its beginning yields the same states again. A source that resumes at a
 * checkpoint (`resume: "source"`) starts from `init` there.
 *
 * @example A running sum
 * ```ts
 * import { pipe, scan, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const sums = pipe([1, 2, 3], scan((sum, n: number) => sum + n, () => 0));
 * deepEqual(await Array.fromAsync(streamOf(sums)), [1, 3, 6]);
 * ```
 *
 * @throws {ConfigurationError} If `add` or `init` is not a function; while items are read, if `add`
 * returns a promise.
 */
export function scan<I, S>(add: (state: S, item: I) => S, init: () => S): Operator<I, S> {
  checkFunction("scan", "add", add);
  checkFunction("scan", "init", init);
  return staged<I, S>(() => {
    let state = init();
    return {
      push(items, out) {
        for (let index = 0; index < items.length; index++) {
          state = add(state, items[index]!);
          refusePromise("scan items", "add", state);
          out.push(state);
        }
      },
    };
  }, { what: "scan", by: "state" });
}
