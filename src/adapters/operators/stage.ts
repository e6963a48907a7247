import { firstMalformed, isMalformed } from "../../streams/malformed-mark.ts";

/** What handles the items of one reading, array by array. */
export interface Stage<I, O> {
  /** It gives no item that it was not given. */
  readonly isSieve?: boolean;
  /** It lets malformed items pass by itself. Others are told of none. */
  readonly passesMalformed?: boolean;
  /** It wants no more items, and gives none. */
  readonly isDone?: boolean;
  /**
   * Takes items, and adds what becomes of them to `out`. Where it throws, what is in `out` is given
   * before. Gives a call that has to be waited for, where one was made.
   */
  push(items: readonly I[], out: O[]): PendingCall | undefined | void;
  /** Adds what is left when there are no more items. */
  end?(out: O[]): void;
  /** How many items may be read at once where that many are wanted of it; all of them if left out. */
  most?(wanted: number): number;
  /** Makes one stage of this one and that which comes after it, where one pass does for both. */
  and?(other: Stage<never, never>): Stage<unknown, unknown> | undefined;
  /** Aborts the calls that run. */
  abort?(reason: unknown): void;
}

/** A call that gave a promise. */
export interface PendingCall {
  /** Place of its item among those that were pushed. */
  readonly index: number;
  /** What it was made for: what the item was by then. */
  readonly item: unknown;
  /** What it gave. */
  readonly result: PromiseLike<unknown>;
  /** What it was made by, and further ones are. */
  readonly calls: Calls<unknown, unknown, unknown>;
  /** The part of its stage that leads to it, if there is one: later items have not been there. */
  readonly before?: Stage<unknown, unknown> | undefined;
  /** The part of its stage that its result is for, if there is one. */
  readonly after?: Stage<unknown, unknown> | undefined;
}

/** How the user's function is called for an item, and what becomes of its result. */
export interface Calls<I, R, O> {
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** Results come in the order of the items. */
  readonly ordered: boolean;
  /** Results that may wait for a slower one before them. */
  readonly reorderBuffer: number;
  /** Aborts the calls that run. */
  abort(reason: unknown): void;
  /** Calls the user's function. */
  call(item: I): R | PromiseLike<R>;
  /** Adds what the result of an item becomes. */
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
