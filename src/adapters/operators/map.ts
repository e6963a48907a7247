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
import type { Unsteady } from "./terms.ts";

/**
 * Each item becomes what `fn` gives for it, or nothing where that is `skip`. `fn` may give a promise.
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
 * @throws {ConfigurationError} If `fn` is no function, or an option is unknown or breaks its rule.
 */
export function map<I, O>(
  fn: (item: I, context: CallContext) => O | typeof skip | PromiseLike<O | typeof skip>,
  options: CallOptions = {},
): Operator<I, O> {
  const settings = checkCall("map", fn, options);
  return staged(() => new MapStage(fn, settings), unsteadyOf("map", settings));
}

/** Results that come as they are done may come in another order the next time. */
function unsteadyOf(name: string, { ordered }: CallSettings): Unsteady | undefined {
  return ordered ? undefined : { what: `${name}({ ordered: false })`, by: "time", mixes: true };
}

/** What the stages that call a function for each item have in common. */
abstract class CallStage<I, R, O> implements Stage<I, O>, Calls<I, R, O> {
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly reorderBuffer: number;
  protected readonly fn: (item: I, context: CallContext) => R | PromiseLike<R>;
  protected readonly context = new CallSignal();

  constructor(
    fn: (item: I, context: CallContext) => R | PromiseLike<R>,
    settings: CallSettings,
  ) {
    this.fn = fn;
    this.concurrency = settings.concurrency;
    this.ordered = settings.ordered;
    this.reorderBuffer = settings.reorderBuffer;
  }

  get calls(): Calls<I, unknown, O> {
    return this as Calls<I, unknown, O>;
  }

  abort(reason: unknown): void {
    this.context.abort(reason);
  }

  call(item: I): R | PromiseLike<R> {
    return this.fn(item, this.context);
  }

  abstract push(items: readonly I[], out: O[]): PendingCall | undefined;
  abstract take(result: R, item: I, out: O[]): void;
}

class MapStage<I, O> extends CallStage<I, O | typeof skip, O> {
  push(items: readonly I[], out: O[]): PendingCall | undefined {
    const { fn, context } = this;
    for (let index = 0; index < items.length; index++) {
      const result = fn(items[index]!, context);
      if (isThenable(result)) return { index, result };
      if (result !== skip) out.push(result);
    }
    return undefined;
  }

  take(result: O | typeof skip, _item: I, out: O[]): void {
    if (result !== skip) out.push(result);
  }
}

/**
 * Only the items for which `fn` gives `true`, or a promise of it. A function that tells a type apart
 * narrows that of the items.
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
 * @throws {ConfigurationError} If `fn` is no function, or an option is unknown or breaks its rule;
 * while items are read, if it gives no boolean.
 */
export function filter<I, O extends I>(
  fn: (item: I, context: CallContext) => item is O,
  options?: CallOptions,
): Operator<I, O>;
/** Only the items for which `fn` gives `true`, or a promise of it. */
export function filter<I>(
  fn: (item: I, context: CallContext) => boolean | PromiseLike<boolean>,
  options?: CallOptions,
): Operator<I, I>;
export function filter<I>(
  fn: (item: I, context: CallContext) => boolean | PromiseLike<boolean>,
  options: CallOptions = {},
): Operator<I, I> {
  const settings = checkCall("filter", fn, options);
  return staged(() => new FilterStage(fn, settings), unsteadyOf("filter", settings));
}

class FilterStage<I> extends CallStage<I, boolean, I> {
  readonly isSieve = true;

  push(items: readonly I[], out: I[]): PendingCall | undefined {
    const { fn, context } = this;
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      const result = fn(item, context);
      if (result === true) out.push(item);
      else if (result !== false) {
        if (isThenable(result)) return { index, result };
        truthOf("filter items", result);
      }
    }
    return undefined;
  }

  take(result: boolean, item: I, out: I[]): void {
    if (result === true) out.push(item);
    else truthOf("filter items", result);
  }
}

/**
 * Each item becomes the rows that `fn` gives for it, or a promise of them: one, several or none. All
 * rows of one item are in memory at once.
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
 * @throws {ConfigurationError} If `fn` is no function, or an option is unknown or breaks its rule;
 * while items are read, if it gives no iterable, or a string.
 */
export function flatMap<I, O>(
  fn: (item: I, context: CallContext) => Iterable<O> | PromiseLike<Iterable<O>>,
  options: CallOptions = {},
): Operator<I, O> {
  const settings = checkCall("flatMap", fn, options);
  return staged(() => new FlatMapStage(fn, settings), unsteadyOf("flatMap", settings));
}

class FlatMapStage<I, O> extends CallStage<I, Iterable<O>, O> {
  most(wanted: number): number {
    return wanted === Infinity ? wanted : Math.min(wanted, 1); // One item may become all that is wanted.
  }

  push(items: readonly I[], out: O[]): PendingCall | undefined {
    const { fn, context } = this;
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      const result = fn(item, context);
      if (isThenable(result)) return { index, result };
      this.take(result, item, out);
    }
    return undefined;
  }

  take(result: Iterable<O>, _item: I, out: O[]): void {
    const isIterable =
      typeof (result as Partial<Iterable<O>> | null)?.[Symbol.iterator] === "function";
    if (!isIterable || typeof result === "string") {
      fail("map items", "fn", "a function that returns an iterable, and no string", result);
    }
    for (const row of result) out.push(row);
  }
}

/**
 * Calls `fn` for each item, which goes on as it is once a promise that `fn` gives is fulfilled.
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
 * @throws {ConfigurationError} If `fn` is no function, or an option is unknown or breaks its rule.
 */
export function tap<I>(
  fn: (item: I, context: CallContext) => unknown,
  options: CallOptions = {},
): Operator<I, I> {
  const settings = checkCall("tap", fn, options);
  return staged(() => new TapStage(fn, settings), unsteadyOf("tap", settings));
}

class TapStage<I> extends CallStage<I, unknown, I> {
  readonly isSieve = true;

  push(items: readonly I[], out: I[]): PendingCall | undefined {
    const { fn, context } = this;
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      const result = fn(item, context);
      if (isThenable(result)) return { index, result };
      out.push(item);
    }
    return undefined;
  }

  take(_result: unknown, item: I, out: I[]): void {
    out.push(item);
  }
}
