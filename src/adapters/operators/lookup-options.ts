import {
  callable,
  checkOptions,
  fail,
  type OptionTable,
  positive,
  positiveInteger,
} from "../../plain-options.ts";
import type { CallContext } from "./call-options.ts";

/** Options of `lookup`. */
export interface LookupOptions<I, K, V> {
  /** Returns the key of an item. Keys are compared as in a `Map`. */
  readonly key: (item: I) => K;
  /**
   * Returns the values of the keys, as a `Map` or other pairs of key and value, or a promise of them.
   * `keys` contains no key twice. A key that is left out has no value.
   */
  readonly load: (
    keys: K[],
    context: CallContext,
  ) => Iterable<readonly [K, V]> | PromiseLike<Iterable<readonly [K, V]>>;
  /**
   * Maximum number of keys in one call: a positive integer.
   * @default {100}
   */
  readonly batchSize?: number | undefined;
  /**
   * Maximum number of keys to cache, with or without a value: a positive integer. Beyond it, the least
   * recently used key is dropped.
   * @default {10000}
   */
  readonly cache?: number | undefined;
  /**
   * Maximum time that the first key of a call waits for others, in milliseconds; `Infinity` for no limit.
   * @default {5000}
   */
  readonly timeout?: number | undefined;
  /**
   * Maximum number of items that may wait for a full call: a positive integer.
   * @default {10000}
   */
  readonly maxWaiting?: number | undefined;
}

/** Options with their defaults. */
export type LookupSettings<I, K, V> = {
  [N in keyof LookupOptions<I, K, V>]-?: NonNullable<LookupOptions<I, K, V>[N]>;
};

const lookupOptions: OptionTable<LookupOptions<never, never, never>> = {
  key: [callable],
  load: [callable],
  batchSize: [positiveInteger, 100],
  cache: [positiveInteger, 10_000],
  timeout: [positive, 5000],
  maxWaiting: [positiveInteger, 10_000],
};

/** Checks and completes the options of `lookup`. */
export function checkLookup<I, K, V>(options: LookupOptions<I, K, V>): LookupSettings<I, K, V> {
  const action = "construct lookup";
  const given = options as unknown as LookupOptions<never, never, never>;
  const settings = checkOptions(action, given, lookupOptions);
  for (const name of ["key", "load"] as const) {
    if (settings[name] === undefined) fail(action, name, callable.expected, undefined);
  }
  return settings as unknown as LookupSettings<I, K, V>;
}
