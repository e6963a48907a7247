import { fail } from "../../plain-options.ts";
import { isThenable } from "../../runtime/thenable.ts";
import { skip } from "../../streams/skip.ts";
import {
  type CallContext,
  type CallOptions,
  type CallSettings,
  CallSignal,
  checkCall,
  truthOf,
} from "./call-options.ts";
import { type Operator, staged } from "./operator.ts";
import type { Calls, PendingCall, Stage } from "./stage.ts";
import { nothing, type Step, Steps } from "./steps.ts";
import type { Unsteady } from "./terms.ts";

/**
 * Maps each item to the result of `fn`, or drops it if the result is `skip`. `fn` may return a promise.
 *
 * @example Names, in the order of the users
 * ```ts
 * import { map, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const users = [{ name: "Ada" }, { name: "Bob" }];
 * const names = pipe(users, map(({ name }) => name), map(async (name) => name.toUpperCase()));
 * deepEqual(await Array.fromAsync(streamOf(names)), ["ADA", "BOB"]);
 * ```
 *
 * @throws {ConfigurationError} If `fn` is not a function, or an option is unknown or breaks its
 * rule.
 */
export function map<I, O>(
  fn: (item: I, context: CallContext) => O | typeof skip | PromiseLike<O | typeof skip>,
  options: CallOptions = {},
): Operator<I, O> {
  const settings = checkCall("map", fn, options);
  return stepping(() => new MapStep(fn, settings), unsteadyOf("map", settings));
}

/** Marks results as unsteady if they come as they finish: the order may differ the next time. */
function unsteadyOf(name: string, { ordered }: CallSettings): Unsteady | undefined {
  return ordered ? undefined : { what: `${name}({ ordered: false })`, by: "time", mixes: true };
}

/** Operator that calls a function for each item. */
abstract class Calling implements Calls<unknown, unknown, unknown> {
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly reorderBuffer: number;
  readonly fn: (item: unknown, context: CallContext) => unknown;
  readonly context = new CallSignal();

  constructor(fn: (item: never, context: CallContext) => unknown, settings: CallSettings) {
    this.fn = fn as Calling["fn"]; // `pipe` has seen to the types of its items.
    this.concurrency = settings.concurrency;
    this.ordered = settings.ordered;
    this.reorderBuffer = settings.reorderBuffer;
  }

  abort(reason: unknown): void {
    this.context.abort(reason);
  }

  call(item: unknown): unknown {
    return this.fn(item, this.context);
  }

  abstract take(result: unknown, item: unknown, out: unknown[]): void;
}

/** Operator that calls a function whose result turns an item into one item, or none. */
abstract class CallStep extends Calling implements Step {
  abstract readonly kind: Step["kind"];

  take(result: unknown, item: unknown, out: unknown[]): void {
    const given = this.become(result, item);
    if (given !== nothing) out.push(given);
  }

  abstract become(result: unknown, item: unknown): unknown;
}

class MapStep extends CallStep {
  readonly kind = "map";

  become(result: unknown): unknown {
    return result === skip ? nothing : result;
  }
}

/** An operator of one function, which shares a pass with its neighbours. */
function stepping<I, O>(make: () => Step, unsteady: Unsteady | undefined): Operator<I, O> {
  return staged<unknown, unknown>(() => new Steps([make()]), unsteady) as Operator<I, O>;
}

/**
 * Keeps only the items for which `fn` returns `true`, or a promise of it. A type guard narrows the type
 * of the items.
 *
 * @example Only what is open
 * ```ts
 * import { filter, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const open = pipe([1, undefined, 3], filter((n) => n !== undefined));
 * deepEqual(await Array.fromAsync(streamOf(open)), [1, 3]);
 * ```
 *
 * @throws {ConfigurationError} If `fn` is not a function, or an option is unknown or breaks its
 * rule; while items are read, if it does not return a boolean.
 */
export function filter<I, O extends I>(
  fn: (item: I, context: CallContext) => item is O,
  options?: CallOptions,
): Operator<I, O>;
/** Keeps only the items for which `fn` returns `true`, or a promise of it. */
export function filter<I>(
  fn: (item: I, context: CallContext) => boolean | PromiseLike<boolean>,
  options?: CallOptions,
): Operator<I, I>;
export function filter<I>(
  fn: (item: I, context: CallContext) => boolean | PromiseLike<boolean>,
  options: CallOptions = {},
): Operator<I, I> {
  const settings = checkCall("filter", fn, options);
  return stepping(() => new FilterStep(fn, settings), unsteadyOf("filter", settings));
}

class FilterStep extends CallStep {
  readonly kind = "filter";

  become(result: unknown, item: unknown): unknown {
    return truthOf("filter items", result) ? item : nothing;
  }
}

/**
 * Replaces each item by the rows that `fn` returns for it, or a promise of them: one, several or none.
 * All rows of one item are in memory at once.
 *
 * @example The lines of orders
 * ```ts
 * import { flatMap, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const orders = [{ id: 1, lines: ["tea", "jam"] }, { id: 2, lines: [] }];
 * const lines = pipe(orders, flatMap(({ id, lines }) => lines.map((name) => ({ id, name }))));
 * deepEqual(await Array.fromAsync(streamOf(lines)), [{ id: 1, name: "tea" }, { id: 1, name: "jam" }]);
 * ```
 *
 * @throws {ConfigurationError} If `fn` is not a function, or an option is unknown or breaks its rule;
 *   while items are read, if it returns a string or a value that is not iterable.
 */
export function flatMap<I, O>(
  fn: (item: I, context: CallContext) => Iterable<O> | PromiseLike<Iterable<O>>,
  options: CallOptions = {},
): Operator<I, O> {
  const settings = checkCall("flatMap", fn, options);
  const unsteady = unsteadyOf("flatMap", settings);
  return staged<unknown, unknown>(() => new FlatMapStage(fn, settings), unsteady) as Operator<I, O>;
}

class FlatMapStage extends Calling implements Stage<unknown, unknown> {
  most(wanted: number): number {
    return wanted === Infinity ? wanted : Math.min(wanted, 1); // One item may become all that is wanted.
  }

  push(items: readonly unknown[], out: unknown[]): PendingCall | undefined {
    const { fn, context } = this;
    for (let index = 0; index < items.length; index++) {
      const item = items[index];
      const result = fn(item, context);
      if (isThenable(result)) return { index, item, result, calls: this };
      this.take(result, item, out);
    }
    return undefined;
  }

  take(result: unknown, _item: unknown, out: unknown[]): void {
    const isIterable =
      typeof (result as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === "function";
    if (!isIterable || typeof result === "string") {
      fail("map items", "fn", "a function that returns an iterable, and no string", result);
    }
    for (const row of result as Iterable<unknown>) out.push(row);
  }
}

/**
 * Calls `fn` for each item, and passes the item on unchanged. If `fn` returns a promise, the item waits
 * for it.
 *
 * @example
 * ```ts
 * import { pipe, streamOf, tap } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const seen: number[] = [];
 * const numbers = pipe([1, 2, 3], tap((n) => void seen.push(n)));
 * deepEqual(await Array.fromAsync(streamOf(numbers)), seen);
 * ```
 *
 * @throws {ConfigurationError} If `fn` is not a function, or an option is unknown or breaks its
 * rule.
 */
export function tap<I>(
  fn: (item: I, context: CallContext) => unknown,
  options: CallOptions = {},
): Operator<I, I> {
  const settings = checkCall("tap", fn, options);
  return stepping(() => new TapStep(fn, settings), unsteadyOf("tap", settings));
}

class TapStep extends CallStep {
  readonly kind = "tap";

  become(_result: unknown, item: unknown): unknown {
    return item;
  }
}
