import { checkOptions, type OptionTable, positiveIntegerOrInfinity } from "../../options.ts";
import type { Chunks } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { checkSources, Inputs } from "./inputs.ts";
import { chunksOf } from "./source.ts";
import { checkTermsOf } from "./terms.ts";

/** Options of `merge`. */
export interface MergeOptions {
  /**
   * Maximum number of sources to read at once: a positive integer, or `Infinity`. Further sources wait
   * until one ends.
   * @default {Infinity}
   */
  concurrency?: number | undefined;
}

const action = "merge sources";
const table: OptionTable<MergeOptions> = { concurrency: [positiveIntegerOrInfinity, Infinity] };

/**
 * Merges several sources, and yields items as they arrive. The items of each source keep their order.
 * Sources take turns, one array of items each, so a source with items does not wait for long. At most one
 * such array per source is in memory.
 *
 * If a source fails, the items that the others have ready are yielded, and all are cancelled and awaited.
 * The error is a `SourceError` that says which source failed. If reading ends early, all sources that
 * have not ended are cancelled.
 *
 * The order may differ in the next run, so a checkpoint could not tell which items are finished. A run
 * with checkpoints therefore rejects a merged source. Use `concat` or `mergeSorted` for runs to resume.
 *
 * @throws {ConfigurationError} If a value is not a source, or is a stream that is already being read, or
 *   an option breaks its rule.
 *
 * @example Three regions at once
 * ```ts
 * import { batched } from "millrace";
 * import { merge } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const regions = [["a1", "a2"], ["b1"], ["c1"]];
 * const [items] = await Array.fromAsync(batched(merge(regions), { batchSize: 10 }));
 * deepEqual(items, ["a1", "a2", "b1", "c1"]);
 * ```
 */
export function merge<T>(sources: readonly Source<T>[], options: MergeOptions = {}): Chunks<T> {
  checkSources(action, sources);
  const { concurrency } = checkOptions(action, options, table);
  const own = [...sources];
  const checkTerms = checkTermsOf(own, [{ what: "merge", by: "time", mixes: true }]);
  return chunksOf(() => new MergeReader(new Inputs(action, own), concurrency), checkTerms);
}

class MergeReader<T> implements ChunkReader<T> {
  readonly #inputs: Inputs<T>;
  readonly #concurrency: number;
  readonly #idle: number[] = []; // Sources that are to be asked.
  readonly #ready: (readonly T[])[] = []; // What they have given, in order; one array of each.
  readonly #owners: number[] = []; // Whose it is.
  #opened = 0;
  #awaited = 0; // Sources that were asked, and have not answered.
  #failure: { readonly end: Promise<never> } | undefined;
  #isOver = false;
  #onAnswer = () => {};

  constructor(inputs: Inputs<T>, concurrency: number) {
    this.#inputs = inputs;
    this.#concurrency = concurrency;
  }

  next(most?: number): Answer<T> | Promise<Answer<T>> {
    if (this.#isOver) return undefined;
    this.#ask(most);
    // A source that is always ready must give the others a chance.
    if (this.#awaited > 0 && this.#failure === undefined) return this.#later(most);
    return this.#give();
  }

  async cancel(reason: unknown): Promise<void> {
    this.#ready.length = 0;
    this.#isOver = true;
    const cancelled = this.#inputs.cancel(reason);
    this.#onAnswer();
    await cancelled;
  }

  /** Requests items from all sources that have none ready, and opens as many as allowed. */
  #ask(most?: number): void {
    while (this.#failure === undefined) {
      const isOpen = this.#ready.length + this.#awaited + this.#idle.length;
      let index = this.#idle.shift();
      if (index === undefined) {
        if (this.#opened >= this.#inputs.count || isOpen >= this.#concurrency) return;
        index = this.#opened++;
      }
      this.#askOne(index, most);
    }
  }

  #askOne(index: number, most?: number): void {
    let answer: Answer<T> | Promise<Answer<T>>;
    try {
      answer = this.#inputs.next(index, most);
    } catch (error) {
      return this.#fail(error);
    }
    if (!(answer instanceof Promise)) return this.#take(index, answer);
    this.#awaited++;
    const settled = (run: () => void) => {
      this.#awaited--;
      run();
      this.#onAnswer();
    };
    answer.then(
      (items) => settled(() => this.#take(index, items)),
      (error) => settled(() => this.#fail(error)),
    );
  }

  #take(index: number, items: Answer<T>): void {
    if (items === undefined) return;
    if (items.length === 0) return void this.#idle.push(index);
    this.#ready.push(items);
    this.#owners.push(index);
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return; // The first one is told.
    const end = this.#inputs.endBy(error);
    end.catch(() => {}); // It is told once all before is given.
    this.#failure = { end };
  }

  async #later(most?: number): Promise<Answer<T>> {
    await null;
    while (this.#ready.length === 0 && this.#failure === undefined && !this.#isOver) {
      this.#ask(most);
      if (this.#ready.length > 0 || this.#awaited === 0) break;
      await new Promise<void>((resolve) => void (this.#onAnswer = resolve));
    }
    return this.#give();
  }

  #give(): Answer<T> | Promise<Answer<T>> {
    const items = this.#ready.shift();
    if (items !== undefined) {
      const owner = this.#owners.shift()!;
      if (this.#failure === undefined) this.#idle.push(owner);
      return items;
    }
    this.#isOver = true;
    return this.#failure?.end;
  }
}
