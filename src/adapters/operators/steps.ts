import { isThenable } from "../../runtime/thenable.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import type { CallContext } from "./call-options.ts";
import type { Calls, PendingCall, Stage } from "./stage.ts";

/** One function that is called for each item. */
export interface Step extends Calls<unknown, unknown, unknown> {
  /**
   * Meaning of the result: the next item (`map`), whether the item stays (`filter`), or none
   * (`tap`).
   */
  readonly kind: "map" | "filter" | "tap";
  /** The user's function. */
  readonly fn: (item: unknown, context: CallContext) => unknown;
  /** Context of the function. */
  readonly context: CallContext;
  /** Returns the next item for a result that is not a promise: `nothing` if the item is dropped. */
  become(result: unknown, item: unknown): unknown;
}

/** Mark in place of an item that is dropped. */
export const nothing: unique symbol = Symbol("nothing");

/** An answer that is a promise, or an item that could not be read: no further function has it now. */
interface Held {
  readonly place: number;
  readonly item: unknown;
  readonly result: unknown;
}

const places = 8; // Functions that an item goes through in one pass.

/**
 * Functions that are called for each item, one after the other: one pass over an array for all. Each
 * is called at a place of its own in the code, where V8 knows which one it is as long as a program has
 * but one pipe, and makes one loop of them: that is worth as much as the arrays that are saved.
 */
export class Steps implements Stage<unknown, unknown> {
  readonly isSieve: boolean;
  readonly passesMalformed = true;
  readonly #steps: readonly Step[];
  #held: Held | undefined;

  /** Takes one function or more, up to as many as there are places. */
  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.isSieve = steps.every(({ kind }) => kind !== "map");
  }

  /** These functions and then those of `other`, if that is a stage like this one and there is room. */
  and(other: unknown): Steps | undefined {
    if (!(other instanceof Steps)) return undefined;
    const steps = [...this.#steps, ...other.#steps];
    return steps.length > places ? undefined : new Steps(steps);
  }

  abort(reason: unknown): void {
    for (const step of this.#steps) step.abort(reason);
  }

  push(items: readonly unknown[], out: unknown[]): PendingCall | undefined {
    const { length } = this.#steps;
    const at = (place: number) => this.#steps[place < length ? place : 0]!; // Not called then.
    const { kind: k0, fn: f0, context: c0 } = at(0);
    const { kind: k1, fn: f1, context: c1 } = at(1);
    const { kind: k2, fn: f2, context: c2 } = at(2);
    const { kind: k3, fn: f3, context: c3 } = at(3);
    const { kind: k4, fn: f4, context: c4 } = at(4);
    const { kind: k5, fn: f5, context: c5 } = at(5);
    const { kind: k6, fn: f6, context: c6 } = at(6);
    const { kind: k7, fn: f7, context: c7 } = at(7);
    for (let index = 0; index < items.length; index++) {
      let item = items[index];
      one: {
        if (isMalformed(item)) break one;
        item = this.#after(k0, 0, f0(item, c0), item);
        if (length === 1 || item === nothing) break one;
        item = this.#after(k1, 1, f1(item, c1), item);
        if (length === 2 || item === nothing) break one;
        item = this.#after(k2, 2, f2(item, c2), item);
        if (length === 3 || item === nothing) break one;
        item = this.#after(k3, 3, f3(item, c3), item);
        if (length === 4 || item === nothing) break one;
        item = this.#after(k4, 4, f4(item, c4), item);
        if (length === 5 || item === nothing) break one;
        item = this.#after(k5, 5, f5(item, c5), item);
        if (length === 6 || item === nothing) break one;
        item = this.#after(k6, 6, f6(item, c6), item);
        if (length === 7 || item === nothing) break one;
        item = this.#after(k7, 7, f7(item, c7), item);
      }
      if (item !== nothing) out.push(item);
      else if (this.#held !== undefined) {
        const pending = this.#release(index, out);
        if (pending !== undefined) return pending;
      }
    }
    return undefined;
  }

  /** Returns the next item after the result of the function at a place. */
  #after(kind: Step["kind"], place: number, result: unknown, item: unknown): unknown {
    if (kind === "map") {
      const type = typeof result;
      if (type === "number" || type === "string") return result;
    } else if (result === true) {
      return item;
    } else if (result === false && kind === "filter") {
      return nothing;
    }
    return this.#judge(kind, place, result, item);
  }

  #judge(kind: Step["kind"], place: number, result: unknown, item: unknown): unknown {
    if ((typeof result === "object" && result !== null) || typeof result === "function") {
      const isHeld = isThenable(result) || (kind === "map" && isMalformed(result));
      if (isHeld) return this.#hold({ place, item, result });
      if (kind === "map") return result;
    }
    return this.#steps[place]!.become(result, item);
  }

  #hold(held: Held): typeof nothing {
    this.#held = held;
    return nothing;
  }

  /** Gives an item that could not be read, or what there is to wait for. */
  #release(index: number, out: unknown[]): PendingCall | undefined {
    const { place, item, result } = this.#held!;
    this.#held = undefined;
    if (!isThenable(result)) return void out.push(result);
    const steps = this.#steps;
    const part = (steps: readonly Step[]) => steps.length > 0 ? new Steps(steps) : undefined;
    const [before, after] = [part(steps.slice(0, place)), part(steps.slice(place + 1))];
    return { index, item, result, calls: steps[place]!, before, after };
  }
}
