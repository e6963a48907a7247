import { firstMalformed, isMalformed } from "../../streams/malformed-mark.ts";

/** Handler of the items of one reading, array by array. */
export interface Stage<I, O> {
  /** If true, it yields only items that it received. */
  readonly isSieve?: boolean;
  /** If true, it passes malformed items itself. Other stages never receive them. */
  readonly passesMalformed?: boolean;
  /** True if it wants no more items, and yields none. */
  readonly isDone?: boolean;
  /**
   * Processes items, and adds the results to `out`. If it throws, the results in `out` are yielded
   * before. Returns a pending call that must be awaited, if there is one.
   */
  push(items: readonly I[], out: O[]): PendingCall | undefined | void;
  /** Adds the remaining results when there are no more items. */
  end?(out: O[]): void;
  /**
   * Returns the number of items to read at once if `wanted` results are needed; `wanted` if left
   * out.
   */
  most?(wanted: number): number;
  /** Merges this stage and the next one, if one pass can do both. */
  and?(other: Stage<never, never>): Stage<unknown, unknown> | undefined;
  /** Aborts the calls that run. */
  abort?(reason: unknown): void;
}

/** A call that returned a promise. */
export interface PendingCall {
  /** Place of its item among those that were pushed. */
  readonly index: number;
  /** Item that it was made for, as it was by then. */
  readonly item: unknown;
  /** Its promise. */
  readonly result: PromiseLike<unknown>;
  /** Maker of this call and further ones. */
  readonly calls: Calls<unknown, unknown, unknown>;
  /** The part of its stage that leads to it, if there is one: later items have not been there. */
  readonly before?: Stage<unknown, unknown> | undefined;
  /** The part of its stage that its result is for, if there is one. */
  readonly after?: Stage<unknown, unknown> | undefined;
}

/** Calls of the user's function, and the handling of their results. */
export interface Calls<I, R, O> {
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** If true, results come in the order of the items. */
  readonly ordered: boolean;
  /** Results that may wait for a slower one before them. */
  readonly reorderBuffer: number;
  /** Aborts the calls that run. */
  abort(reason: unknown): void;
  /** Calls the user's function. */
  call(item: I): R | PromiseLike<R>;
  /** Adds the items that the result becomes to `out`. */
  take(result: R, item: I, out: O[]): void;
}

/**
 * Pushes items into a stage, around those that are malformed, which go to `out` as they are.
 * `isClean` tells that there is none.
 */
export function pushInto<I, O>(
  stage: Stage<I, O>,
  items: readonly I[],
  out: O[],
  isClean: boolean,
): PendingCall | undefined {
  let place = isClean || stage.passesMalformed ? -1 : firstMalformed(items);
  if (place < 0) return stage.push(items, out) || undefined;
  let from = 0;
  for (; place < items.length && !stage.isDone; place++) {
    if (!isMalformed(items[place])) continue;
    const pending = place > from ? stage.push(items.slice(from, place), out) : undefined;
    if (pending) return { ...pending, index: from + pending.index };
    if (stage.isDone) return undefined;
    out.push(items[place] as unknown as O);
    from = place + 1;
  }
  if (from === items.length || stage.isDone) return undefined;
  const pending = stage.push(items.slice(from), out);
  return pending ? { ...pending, index: from + pending.index } : undefined;
}
