import type { Chunks } from "../../streams/chunks.ts";
import { isMalformed } from "../../streams/malformed-mark.ts";
import type { Source } from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { Heads } from "./heads.ts";
import { checkSources, Inputs } from "./inputs.ts";
import { chunksOf } from "./source.ts";
import { checkTermsOf } from "./terms.ts";

const action = "zip sources";

/**
 * Yields the first items of several sources as one array, then the second ones, and so on, until the
 * shortest source ends. Then the others are cancelled. At most one array of items per source is in
 * memory.
 *
 * If a source fails, complete arrays are yielded, and all other sources are cancelled and awaited. The
 * error is a `SourceError` that says which source failed. An item that could not be read (`malformed`)
 * replaces the array that it would be part of.
 *
 * @throws {ConfigurationError} If an argument is not a source, or is a stream that is already being read.
 *
 * @example Names and their ages
 * ```ts
 * import { batched } from "millrace";
 * import { zip } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const people = zip(["Ada", "Grace"], [36, 85, 0]);
 * const [first] = await Array.fromAsync(batched(people, { batchSize: 10 }));
 * deepEqual(first, [["Ada", 36], ["Grace", 85]]);
 * ```
 */
export function zip<const Items extends readonly unknown[]>(
  ...sources: { readonly [K in keyof Items]: Source<Items[K]> }
): Chunks<Items> {
  checkSources(action, sources);
  const checkTerms = checkTermsOf(sources, []);
  return chunksOf(
    () => new ZipReader<Items>(new Inputs(action, sources as Source<unknown>[])),
    checkTerms,
  );
}

class ZipReader<Items extends readonly unknown[]> implements ChunkReader<Items> {
  readonly #heads: Heads<unknown>;
  readonly #indices: readonly number[];

  constructor(inputs: Inputs<unknown>) {
    this.#heads = new Heads(inputs);
    this.#indices = Array.from({ length: inputs.count }, (_, index) => index);
  }

  next(most = Infinity): Answer<Items> | Promise<Answer<Items>> {
    const filled = this.#heads.fill(most);
    if (filled instanceof Promise) return filled.then(() => this.#give(most));
    return this.#give(most);
  }

  cancel(reason: unknown): Promise<void> {
    return this.#heads.cancel(reason);
  }

  #give(most: number): Answer<Items> | Promise<Answer<Items>> {
    const heads = this.#heads;
    const lengths = this.#indices.map((index) => heads.left(index));
    const length = Math.min(most, ...lengths);
    if (length === 0 || lengths.length === 0) {
      const ended = heads.cancel(new DOMException("A source has ended", "AbortError"));
      return ended.then(() => undefined);
    }
    const rows = Array.from({ length }, () => {
      const row = this.#indices.map((index) => heads.take(index));
      return row.find(isMalformed) ?? row;
    });
    return rows as unknown as readonly Items[];
  }
}
