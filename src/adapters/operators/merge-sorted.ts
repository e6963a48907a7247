import { callable, checkOptions, fail, inWords, type OptionTable } from "../../options.ts";
import type { Chunks } from "../../streams/chunks.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import type { Source } from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { Heads } from "./heads.ts";
import { checkSources, Inputs } from "./inputs.ts";
import { chunksOf } from "./source.ts";
import { checkTermsOf } from "./terms.ts";
import { ITEMS_PER_CHUNK } from "./source-reader.ts";
import { SourceError } from "./source-error.ts";

/** Key to sort items by. Keys are compared by `<`, so texts are sorted by their code units. */
export type SortKey = number | bigint | string | Date;

/** Options of `mergeSorted`. */
export interface MergeSortedOptions<T> {
  /** Returns the key of an item; called once for each item. All keys have one type, and none is `NaN`. */
  by: (item: T) => SortKey;
}

const action = "merge sorted sources";
const table: OptionTable<{ by: unknown }> = { by: [callable] };

/**
 * Merges sources that are sorted by a key, smallest first, into one sorted source. Items with equal keys
 * keep the order of the sources, so the order is the same in each run. At most one array of items per
 * source is in memory.
 *
 * If a source is not sorted, the result fails with a `SourceError` that names the source and the item. If
 * a source fails, the items before are yielded, and all other sources are cancelled and awaited. Items
 * that could not be read (`malformed`) have no key: they are yielded as soon as their source reaches
 * them.
 *
 * @throws {ConfigurationError} If a value is not a source, or is a stream that is already being read, or
 *   `by` is not a function.
 *
 * @example Two logs, by their time
 * ```ts
 * import { batched } from "millrace";
 * import { mergeSorted } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const logs = [
 *   [{ at: 1, from: "a" }, { at: 5, from: "a" }],
 *   [{ at: 1, from: "b" }, { at: 3, from: "b" }],
 * ];
 * const merged = mergeSorted(logs, { by: ({ at }) => at });
 * const [items] = await Array.fromAsync(batched(merged, { batchSize: 10 }));
 * deepEqual(items?.map(({ at, from }) => `${at}${from}`), ["1a", "1b", "3b", "5a"]);
 * ```
 */
export function mergeSorted<T>(
  sources: readonly Source<T>[],
  options: MergeSortedOptions<T>,
): Chunks<T> {
  checkSources(action, sources);
  checkOptions<{ by: unknown }>(action, options, table);
  const { by } = options;
  if (!callable.test(by)) fail(action, "by", callable.expected, by);
  const own = [...sources];
  const checkTerms = checkTermsOf(own, []);
  return chunksOf(() => new SortedReader(new Inputs(action, own), by), checkTerms);
}

/** The next item of a source, with its key. A malformed item has none. */
interface First<T> {
  readonly source: number;
  item: T;
  key: SortKey | undefined;
}

class SortedReader<T> implements ChunkReader<T> {
  readonly #inputs: Inputs<T>;
  readonly #heads: Heads<T>;
  readonly #by: (item: T) => SortKey;
  readonly #heap: First<T>[] = []; // The next item of each source that has one here; the first to come is on top.
  readonly #empty: Set<number>; // Sources whose next item is not in the heap.
  readonly #counts: number[]; // Items that were taken of each.
  readonly #last: (SortKey | undefined)[] = []; // The key before, of each.
  #kind: string | undefined;
  #failure: { readonly error: unknown } | undefined; // Told once all before is given.

  constructor(inputs: Inputs<T>, by: (item: T) => SortKey) {
    this.#inputs = inputs;
    this.#heads = new Heads(inputs);
    this.#by = by;
    this.#counts = new Array<number>(inputs.count).fill(0);
    this.#empty = new Set(this.#counts.keys());
  }

  next(): Answer<T> | Promise<Answer<T>> {
    if (this.#failure !== undefined) return this.#fail();
    const filled = this.#empty.size > 0 ? this.#heads.fill() : undefined;
    return filled instanceof Promise ? filled.then(() => this.#give()) : this.#give();
  }

  cancel(reason: unknown): Promise<void> {
    this.#heap.length = 0;
    return this.#heads.cancel(reason);
  }

  #give(): Answer<T> | Promise<Answer<T>> {
    const items: T[] = [];
    try {
      for (const source of this.#empty) this.#refill(source);
      while (items.length < ITEMS_PER_CHUNK && this.#heap.length > 0) {
        const { source, item } = this.#heap[0]!;
        items.push(item);
        if (this.#heads.left(source) === 0) {
          this.#removeTop();
          this.#empty.add(source);
          return items; // What comes next is known once this source has been asked.
        }
        this.#heap[0] = this.#firstOf(source);
        this.#sink();
      }
    } catch (error) {
      this.#failure = { error };
      if (items.length === 0) return this.#fail();
    }
    return items.length > 0 ? items : undefined;
  }

  #fail(): Promise<never> {
    const { error } = this.#failure!;
    this.#failure = undefined;
    this.#heap.length = 0;
    return this.#inputs.endBy(error);
  }

  #refill(source: number): void {
    this.#empty.delete(source);
    if (this.#heads.left(source) === 0) return; // It is at its end.
    this.#heap.push(this.#firstOf(source));
    this.#rise();
  }

  /** Takes the next item of a source. Its key must not be smaller than the previous one. */
  #firstOf(source: number): First<T> {
    const item = this.#heads.take(source);
    const count = this.#counts[source]!++;
    if (isMalformed(item)) return { source, item, key: undefined };
    let key: SortKey;
    try {
      key = this.#by(item);
    } catch (error) {
      throw new SourceError(source, error);
    }
    const last = this.#last[source] ?? key;
    this.#check(key, last, source, count);
    this.#last[source] = key;
    return { source, item, key };
  }

  #check(key: SortKey, last: SortKey, source: number, count: number): void {
    this.#kind ??= typeof key;
    const isKey = key <= key && (typeof key !== "object" || key instanceof Date);
    if (isKey && typeof key === this.#kind && last <= key) return;
    const words = isKey && typeof key === this.#kind
      ? `it is not sorted: item ${count} has the key ${inWords(key)} after ${inWords(last)}`
      : `item ${count} has the key ${inWords(key)}, which is not to be compared`;
    throw new SourceError(source, new TypeError(words));
  }

  #isBefore(one: First<T>, other: First<T>): boolean {
    if (one.key === undefined || other.key === undefined) return one.key === undefined;
    if (one.key < other.key) return true;
    return !(other.key < one.key) && one.source < other.source;
  }

  #removeTop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(): void {
    const heap = this.#heap;
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    const { length } = heap;
    const moving = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  }
}
