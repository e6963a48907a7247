import { abortSignal, fail, type Rule } from "../../plain-options.ts";
import { checkFunction, truthOf } from "./call-options.ts";
import { type Operator, reading, staged } from "./operator.ts";
import type { Stage } from "./stage.ts";
import { UntilReader } from "./until-reader.ts";

const count: Rule = {
  expected: "an integer of at least 0",
  test: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/**
 * Yields the first `n` items. Then the source is cancelled.
 *
 * @example
 * ```ts
 * import { pipe, streamOf, take } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(await Array.fromAsync(streamOf(pipe([1, 2, 3], take(2)))), [1, 2]);
 * ```
 *
 * @throws {ConfigurationError} If `n` is not an integer of at least 0.
 */
export function take<I>(n: number): Operator<I, I> {
  if (!count.test(n)) fail("construct take", "n", count.expected, n);
  return staged(() => new TakeStage<I>(n), { what: "take", by: "state" });
}

class TakeStage<I> implements Stage<I, I> {
  readonly isSieve = true;
  #left: number;

  constructor(n: number) {
    this.#left = n;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  most(wanted: number): number {
    return Math.min(wanted, this.#left);
  }

  push(items: readonly I[], out: I[]): void {
    const length = Math.min(items.length, this.#left);
    this.#left -= length;
    for (let index = 0; index < length; index++) out.push(items[index]!);
  }
}

/**
 * Skips the first `n` items.
 *
 * @example
 * ```ts
 * import { drop, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(await Array.fromAsync(streamOf(pipe([1, 2, 3], drop(2)))), [3]);
 * ```
 *
 * @throws {ConfigurationError} If `n` is not an integer of at least 0.
 */
export function drop<I>(n: number): Operator<I, I> {
  if (!count.test(n)) fail("construct drop", "n", count.expected, n);
  return staged<I, I>(() => {
    let left = n;
    return {
      isSieve: true,
      most: (wanted) => wanted === 0 ? 0 : wanted + left,
      push(items, out) {
        const from = Math.min(items.length, left);
        left -= from;
        for (let index = from; index < items.length; index++) out.push(items[index]!);
      },
    };
  }, { what: "drop", by: "state" });
}

/**
 * Yields the items before the first one for which `fn` returns `false`. Then the source is cancelled.
 * Items in the same chunk as that item have been read as well.
 *
 * @example
 * ```ts
 * import { pipe, streamOf, takeWhile } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const first = pipe([1, 2, 9, 3], takeWhile((n) => n < 5));
 * deepEqual(await Array.fromAsync(streamOf(first)), [1, 2]);
 * ```
 *
 * @throws {ConfigurationError} If `fn` is not a function; while items are read, if it does not
 * return a boolean.
 */
export function takeWhile<I, O extends I>(fn: (item: I) => item is O): Operator<I, O>;
/** Yields the items before the first one for which `fn` returns `false`. */
export function takeWhile<I>(fn: (item: I) => boolean): Operator<I, I>;
export function takeWhile<I>(fn: (item: I) => boolean): Operator<I, I> {
  checkFunction("takeWhile", "fn", fn);
  return staged(() => new TakeWhileStage(fn));
}

class TakeWhileStage<I> implements Stage<I, I> {
  readonly isSieve = true;
  isDone = false;
  readonly #fn: (item: I) => boolean;

  constructor(fn: (item: I) => boolean) {
    this.#fn = fn;
  }

  push(items: readonly I[], out: I[]): void {
    const fn = this.#fn;
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      if (!truthOf("take items", fn(item))) return void (this.isDone = true);
      out.push(item);
    }
  }
}

/**
 * Yields items until `signal` aborts. Then the source ends as if it had no more items, and reading is
 * cancelled, even while a read is pending. The place of the end depends on time: see docs/operators.md.
 *
 * @example An end that is wanted
 * ```ts
 * import { pipe, streamOf, takeUntil, tap } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const end = new AbortController();
 * const ticks = new ReadableStream<string>({ start: (output) => output.enqueue("tick") });
 * const seen = pipe(ticks, takeUntil(end.signal), tap(() => setTimeout(() => end.abort())));
 * deepEqual(await Array.fromAsync(streamOf(seen)), ["tick"]);
 * ```
 *
 * @throws {ConfigurationError} If `signal` is not an `AbortSignal`.
 */
export function takeUntil<I>(signal: AbortSignal): Operator<I, I> {
  if (!abortSignal.test(signal)) {
    fail("construct takeUntil", "signal", abortSignal.expected, signal);
  }
  return reading((input) => new UntilReader<I>(input, signal), { what: "takeUntil", by: "end" });
}
