import {
  checkOptions,
  fail,
  finitePositive,
  type OptionTable,
  positiveInteger,
} from "../../plain-options.ts";
import { type Operator, reading, staged } from "./operator.ts";
import { type Gathering, TimedReader } from "./timed-reader.ts";

/** Options of `window`. At least one of them is required. */
export interface WindowOptions {
  /**
   * Maximum number of items in a window: a positive integer.
   * @default {Infinity}, if `every` is given
   */
  readonly size?: number | undefined;
  /**
   * Milliseconds after its first item at which a window is yielded.
   * @default {Infinity}, if `size` is given
   */
  readonly every?: number | undefined;
}

const windowOptions: OptionTable<WindowOptions> = {
  size: [positiveInteger],
  every: [finitePositive],
};

/**
 * Groups consecutive items into arrays: of `size` items, of the items that arrive within `every`
 * milliseconds, or up to whichever limit comes first. No array is empty, and the last one may be short.
 * With `every` alone a window has no size limit, so also set `size` if many items may arrive.
 *
 * @example
 * ```ts
 * import { pipe, streamOf, window } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const pairs = pipe([1, 2, 3], window({ size: 2 }));
 * deepEqual(await Array.fromAsync(streamOf(pairs)), [[1, 2], [3]]);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function window<I>(options: WindowOptions): Operator<I, I[]> {
  const action = "construct window";
  const { size, every } = checkOptions<WindowOptions, "size" | "every">(
    action,
    options,
    windowOptions,
  );
  if (size === undefined && every === undefined) {
    fail(action, "size", "given if 'every' is not", size);
  }
  const make = () => new WindowStage<I>(size ?? Infinity);
  if (every === undefined) return staged(make, { what: "window", by: "state" });
  const unsteady = { what: "window({ every })", by: "time" } as const;
  return reading((input) => new TimedReader(input, make(), every), unsteady);
}

class WindowStage<I> implements Gathering<I, I[]> {
  rounds = 0;
  readonly #size: number;
  #items: I[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  push(items: readonly I[], out: I[][]): void {
    for (let index = 0; index < items.length; index++) {
      this.#items.push(items[index]!);
      if (this.#items.length === this.#size) this.end(out);
    }
  }

  end(out: I[][]): void {
    if (this.isEmpty) return;
    out.push(this.#items);
    this.#items = [];
    this.rounds++;
  }
}
