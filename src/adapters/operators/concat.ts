import type { Chunks } from "../../streams/chunks.ts";
import type { Source } from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { checkSources, Inputs } from "./inputs.ts";
import { chunksOf } from "./source.ts";
import { checkTermsOf } from "./terms.ts";

const action = "concatenate sources";

/**
 * Reads several sources, one after the other. Each is opened when its turn comes.
 *
 * If a source fails, the items before are yielded, and all other sources are cancelled and awaited. The
 * error is a `SourceError` that says which source failed. If reading ends early, all sources that have
 * not ended are cancelled, including those not opened yet.
 *
 * @throws {ConfigurationError} If an argument is not a source, or is a stream that is already being read.
 *
 * @example A file of yesterday and one of today
 * ```ts
 * import { batched } from "millrace";
 * import { concat } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const days = concat(["a", "b"], new Set(["c"]));
 * deepEqual(await Array.fromAsync(batched(days, { batchSize: 2 })), [["a", "b"], ["c"]]);
 * ```
 */
export function concat<T>(...sources: readonly Source<T>[]): Chunks<T> {
  checkSources(action, sources);
  const checkTerms = checkTermsOf(sources, []);
  return chunksOf(() => new ConcatReader(new Inputs(action, sources)), checkTerms);
}

class ConcatReader<T> implements ChunkReader<T> {
  readonly #inputs: Inputs<T>;
  #index = 0; // Of the one whose turn it is.

  constructor(inputs: Inputs<T>) {
    this.#inputs = inputs;
  }

  next(most?: number): Answer<T> | Promise<Answer<T>> {
    try {
      while (this.#index < this.#inputs.count) {
        const answer = this.#inputs.next(this.#index, most);
        if (answer instanceof Promise) return this.#later(answer, most);
        if (answer !== undefined) return answer;
        this.#index++;
      }
      return undefined;
    } catch (error) {
      return this.#fail(error);
    }
  }

  cancel(reason: unknown): Promise<void> {
    this.#index = this.#inputs.count;
    return this.#inputs.cancel(reason);
  }

  async #later(answer: Promise<Answer<T>>, most?: number): Promise<Answer<T>> {
    let items: Answer<T>;
    try {
      items = await answer;
    } catch (error) {
      return this.#fail(error);
    }
    if (items !== undefined) return items;
    this.#index++;
    return this.next(most);
  }

  #fail(error: unknown): Promise<never> {
    this.#index = this.#inputs.count;
    return this.#inputs.endBy(error);
  }
}
