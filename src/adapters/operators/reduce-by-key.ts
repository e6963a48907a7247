import {
  callable,
  checkOptions,
  fail,
  finitePositive,
  type OptionTable,
  positiveIntegerOrInfinity,
} from "../../plain-options.ts";
import { refusePromise } from "./call-options.ts";
import { type Operator, reading, staged } from "./operator.ts";
import { type Gathering, TimedReader } from "./timed-reader.ts";

/** Options of `reduceByKey`. */
export interface ReduceByKeyOptions<I, K, S> {
  /** Returns the key of an item. Keys are compared as in a `Map`. */
  readonly by: (item: I) => K;
  /** Returns the initial state of a key. */
  readonly init: (key: K) => S;
  /** Returns the next state of a key, from its state and an item. */
  readonly add: (state: S, item: I) => S;
  /**
   * Maximum number of keys held at once, a positive integer or `Infinity`. Before it is exceeded, all
   * pairs are yielded.
   */
  readonly max: number;
  /**
   * Milliseconds after which the pairs are yielded, counted from the first item.
   * @default {Infinity}: at the end of the source
   */
  readonly flushEvery?: number | undefined;
}

const reduceOptions: OptionTable<ReduceByKeyOptions<never, never, never>> = {
  by: [callable],
  init: [callable],
  add: [callable],
  max: [positiveIntegerOrInfinity],
  flushEvery: [finitePositive],
};

/**
 * Reduces the items of each key to one state, and yields pairs of key and state, in the order in which
 * keys first appeared. Pairs are yielded at the end of the source, and earlier if `max` keys are held or
 * `flushEvery` has passed. A key that appears again then starts from `init`, so the loader must add up
 * the pairs of a key.
 *
 * @example Sums by city
 * ```ts
 * import { pipe, reduceByKey, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const sales = [{ city: "Rome", sum: 2 }, { city: "Oslo", sum: 1 }, { city: "Rome", sum: 3 }];
 * const sums = pipe(
 *   sales,
 *   reduceByKey({
 *     by: ({ city }) => city,
 *     init: () => 0,
 *     add: (total, { sum }) => total + sum,
 *     max: 10_000,
 *   }),
 * );
 * deepEqual(await Array.fromAsync(streamOf(sums)), [["Rome", 5], ["Oslo", 1]]);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule; while items are read, if a
 *   function returns a promise.
 */
export function reduceByKey<I, K, S>(
  options: ReduceByKeyOptions<I, K, S>,
): Operator<I, [key: K, state: S]> {
  const action = "construct reduceByKey";
  const settings = checkOptions<ReduceByKeyOptions<never, never, never>, "flushEvery">(
    action,
    options as unknown as ReduceByKeyOptions<never, never, never>,
    reduceOptions,
  );
  for (const name of ["by", "init", "add", "max"] as const) {
    if (settings[name] === undefined) {
      fail(action, name, reduceOptions[name][0].expected, undefined);
    }
  }
  const { flushEvery } = settings;
  const make = () => new ReduceStage(settings as unknown as ReduceByKeyOptions<I, K, S>);
  if (flushEvery === undefined) {
    return staged(make, { what: "reduceByKey", by: "state", mixes: true });
  }
  const unsteady = { what: "reduceByKey({ flushEvery })", by: "time", mixes: true } as const;
  return reading((input) => new TimedReader(input, make(), flushEvery), unsteady);
}

class ReduceStage<I, K, S> implements Gathering<I, [K, S]> {
  rounds = 0;
  readonly #options: Pick<ReduceByKeyOptions<I, K, S>, "by" | "init" | "add" | "max">;
  readonly #states = new Map<K, S>();

  constructor(options: Pick<ReduceByKeyOptions<I, K, S>, "by" | "init" | "add" | "max">) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#states.size === 0;
  }

  push(items: readonly I[], out: [K, S][]): void {
    const { by, init, add, max } = this.#options;
    const states = this.#states;
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      const key = by(item);
      refusePromise("reduce items", "by", key);
      let state = states.get(key);
      if (state === undefined && !states.has(key)) {
        if (states.size >= max) this.end(out);
        state = init(key);
      }
      state = add(state as S, item);
      refusePromise("reduce items", "add", state);
      states.set(key, state);
    }
  }

  end(out: [K, S][]): void {
    if (this.isEmpty) return;
    for (const entry of this.#states) out.push(entry);
    this.#states.clear();
    this.rounds++;
  }
}
