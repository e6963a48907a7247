import { fail } from "../../plain-options.ts";
import { isThenable } from "../../runtime/thenable.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import { CallSignal, refusePromise } from "./call-options.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import type { LookupSettings } from "./lookup-options.ts";
import { late, PatientReader } from "./patient-reader.ts";

/** An item with what was found for it, where that is known, or one that passes as it is. */
type Pair<I, V> = [item: I, found: V | undefined];

/** A pair whose value is to be loaded. */
interface Missing<I, K, V> {
  readonly pair: Pair<I, V>;
  readonly key: K;
}

/** Reads items, and loads what belongs to their keys. */
export class LookupReader<I, K, V> implements ChunkReader<Pair<I, V>> {
  readonly #input: PatientReader<I>;
  readonly #options: LookupSettings<I, K, V>;
  readonly #signal = new CallSignal();
  readonly #cache = new Map<K, V | undefined>(); // The one that was not asked for the longest first.
  #items: readonly I[] = []; // Read, and not looked at from `#at` on.
  #at = 0;
  #waiting: Pair<I, V>[] = []; // In the order of the items.
  #missing: Missing<I, K, V>[] = []; // Those of them without a value yet.
  #keys = new Set<K>(); // Their keys.
  #deadline = Infinity;
  #loading: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined; // To be told when all else is given.
  #released: Promise<void> | undefined;
  #isEnding = false; // There are no more items.
  #isOver = false;

  /** Makes a reader with an empty cache. */
  constructor(input: ChunkReader<I>, options: LookupSettings<I, K, V>) {
    this.#input = new PatientReader(input);
    this.#options = options;
  }

  /** Returns the next complete pairs. */
  async next(most?: number): Promise<Answer<Pair<I, V>>> {
    while (!this.#isOver) {
      if (this.#at < this.#items.length) this.#look();
      if (this.#waiting.length > 0 && this.#keys.size === 0) {
        const given = this.#waiting;
        this.#waiting = [];
        return given;
      }
      if (this.#isDue) await (this.#loading = this.#load());
      else if (this.#at < this.#items.length) continue;
      else if (this.#isEnding) return await this.#settle();
      else await this.#read(most);
    }
    return undefined;
  }

  /** Aborts a call that runs, cancels the input, and settles when both have let go. */
  async cancel(reason: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal.abort(reason);
    const cancelled = this.#isEnding ? this.#released : this.#input.cancel(reason);
    await Promise.all([cancelled, this.#loading]);
  }

  /** It is time for a call. */
  get #isDue(): boolean {
    const { batchSize, maxWaiting } = this.#options;
    const { size } = this.#keys;
    if (size === 0) return false;
    if (size >= batchSize || this.#waiting.length >= maxWaiting) return true;
    if (this.#at < this.#items.length) return false;
    return this.#isEnding || performance.now() >= this.#deadline;
  }

  async #read(most: number | undefined): Promise<void> {
    try {
      const answer = this.#input.next(this.#deadline, most);
      const items = answer instanceof Promise ? await answer : answer;
      if (items === late) return void (this.#deadline = 0);
      this.#items = items ?? [];
      this.#at = 0;
      this.#isEnding ||= items === undefined;
    } catch (error) {
      this.#failure ??= { error };
      this.#isEnding = true;
    }
  }

  /** Looks at the items that were read, until there are keys enough for a call. */
  #look(): void {
    const { key: keyOf, batchSize, maxWaiting } = this.#options;
    const cache = this.#cache;
    while (this.#at < this.#items.length) {
      if (this.#keys.size >= batchSize || this.#waiting.length >= maxWaiting) return;
      const item = this.#items[this.#at++]!;
      if (isMalformed(item)) {
        this.#waiting.push(item as unknown as Pair<I, V>);
        continue;
      }
      let key: K;
      try {
        key = keyOf(item);
        refusePromise("look items up", "key", key);
      } catch (error) {
        return this.#stop(error);
      }
      const found = cache.get(key);
      const pair: Pair<I, V> = [item, found];
      this.#waiting.push(pair);
      if (found !== undefined || cache.has(key)) {
        cache.delete(key); // It becomes the last one to be dropped.
        cache.set(key, found);
        continue;
      }
      if (this.#keys.size === 0) this.#deadline = performance.now() + this.#options.timeout;
      this.#keys.add(key);
      this.#missing.push({ pair, key });
    }
  }

  /** Loads what is missing. Never rejects: without it, those before the first one missing are given. */
  async #load(): Promise<void> {
    const keys = [...this.#keys];
    const missing = this.#missing;
    this.#keys = new Set();
    this.#missing = [];
    this.#deadline = Infinity;
    try {
      const result = this.#options.load(keys.slice(), this.#signal);
      const found = mapOf(isThenable(result) ? await result : result);
      for (const { pair, key } of missing) pair[1] = found.get(key);
      for (const key of keys) this.#keep(key, found.get(key));
    } catch (error) {
      this.#waiting.length = this.#waiting.indexOf(missing[0]!.pair);
      this.#stop(error);
    } finally {
      this.#loading = undefined;
    }
  }

  #keep(key: K, found: V | undefined): void {
    const cache = this.#cache;
    if (cache.size >= this.#options.cache) cache.delete(cache.keys().next().value as K);
    cache.set(key, found);
  }

  /** Reads no further, as a function has failed. */
  #stop(error: unknown): void {
    this.#failure = { error }; // It comes before one of the input, which was read ahead.
    this.#items = [];
    if (this.#isEnding || this.#isOver) return;
    this.#isEnding = true;
    const release = async () => this.#input.cancel(error);
    this.#released = release().catch(() => {}); // The first error is told.
  }

  async #settle(): Promise<undefined> {
    this.#isOver = true;
    await this.#released;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function mapOf<K, V>(found: Iterable<readonly [K, V]>): ReadonlyMap<K, V> {
  if (found instanceof Map) return found;
  const isIterable = typeof (found as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] ===
    "function";
  if (!isIterable || typeof found === "string") {
    fail(
      "look items up",
      "load",
      "a function that returns a Map, or pairs of key and value",
      found,
    );
  }
  return new Map(found);
}
