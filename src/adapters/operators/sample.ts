import { checkOptions, fail, type OptionTable, type Rule } from "../../plain-options.ts";
import { type Operator, staged } from "./operator.ts";

/** Options of `sample`. */
export interface SampleOptions {
  /** Fraction of the items to keep, above 0 and up to 1: `0.01` keeps about one in a hundred. */
  readonly rate: number;
  /**
   * Seed of the random choice, an integer. The same source and seed yield the same sample.
   * @default {0}
   */
  readonly seed?: number | undefined;
}

const share: Rule = {
  expected: "a number above 0 and up to 1",
  test: (value) => typeof value === "number" && value > 0 && value <= 1,
};
const integer: Rule = { expected: "an integer", test: Number.isSafeInteger };
const sampleOptions: OptionTable<SampleOptions> = { rate: [share], seed: [integer, 0] };

/**
 * Keeps a random sample of the items. Each item has the same chance.
 *
 * @example
 * ```ts
 * import { pipe, sample, streamOf } from "millrace/operators";
 * import { deepEqual, ok } from "node:assert/strict";
 *
 * const rows = Array.from({ length: 1_000 }, (_, id) => ({ id }));
 * const some = await Array.fromAsync(streamOf(pipe(rows, sample({ rate: 0.1 }))));
 * ok(some.length > 50 && some.length < 150);
 * deepEqual(await Array.fromAsync(streamOf(pipe(rows, sample({ rate: 0.1 })))), some);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function sample<I>(options: SampleOptions): Operator<I, I> {
  const action = "construct sample";
  const { rate, seed } = checkOptions<SampleOptions>(action, options, sampleOptions);
  if (rate === undefined) fail(action, "rate", share.expected, rate);
  return staged<I, I>(() => {
    const random = randomOf(seed);
    return {
      isSieve: true,
      push(items, out) {
        for (let index = 0; index < items.length; index++) {
          if (random() < rate) out.push(items[index]!);
        }
      },
    };
  }, { what: "sample", by: "state" });
}

/** Returns pseudo-random numbers from 0 to below 1: mulberry32 (T. Ettinger, 2017). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
