import type { CheckpointStore } from "../../checkpoints/checkpoint.ts";
import {
  keyValueCheckpoints,
  type KeyValueOptions,
} from "../../checkpoints/key-value-checkpoints.ts";
import { fail } from "../../options.ts";

/** The subset of a binding of Workers KV that the adapter needs. */
export interface KvBinding {
  /** Returns the text of a key. */
  get(key: string): Promise<string | null>;
  /** Stores the text of a key. */
  put(key: string, text: string): Promise<unknown>;
}

/** Options for checkpoints in Workers KV. */
export interface KvOptions extends Pick<KeyValueOptions, "prefix"> {
  /**
   * Minimum time between two writes of a key, in milliseconds: KV accepts about one per second. Changes
   * in between are combined into one write. The end of a run waits for the last one.
   *
   * @default {1000}
   */
  readonly interval?: number | undefined;
}

/**
 * Keeps checkpoints in Workers KV. KV cannot keep out a second run of the same key, and its values may be
 * a minute old. So use it for one cron trigger at a time, where each run reads what the previous one
 * wrote. Rows are loaded at least once; `d1Sink` and `durableObjectSink` load them once.
 *
 * @throws {ConfigurationError} If it is not a binding of KV, or an option breaks its rule.
 *
 * @example A binding that is a map here
 * ```ts
 * import { etl } from "millrace";
 * import { kvCheckpoints } from "millrace/cloudflare";
 * import { equal } from "node:assert/strict";
 *
 * const kept = new Map<string, string>();
 * const KV = {
 *   get: (key: string) => Promise.resolve(kept.get(key) ?? null),
 *   put: (key: string, text: string) => Promise.resolve(void kept.set(key, text)),
 * };
 * const numbers = etl({ name: "numbers", extract: () => [1, 2, 3], load: () => {} });
 * await numbers.run({ checkpoints: kvCheckpoints(KV, { interval: 0 }) });
 * equal((await numbers.run({ checkpoints: kvCheckpoints(KV, { interval: 0 }) })).loaded, 0);
 * ```
 */
export function kvCheckpoints(kv: KvBinding, options: KvOptions = {}): CheckpointStore {
  const { get, put } = Object(kv) as Partial<KvBinding>;
  if (typeof get !== "function" || typeof put !== "function") {
    fail("construct kvCheckpoints", "kv", "a binding of Workers KV, such as 'env.KV'", kv);
  }
  const store = {
    get: (key: string) => kv.get(key),
    set: (key: string, text: string) => kv.put(key, text),
  };
  const { interval = 1000, ...rest } = options;
  return keyValueCheckpoints(store, { ...rest, interval });
}
