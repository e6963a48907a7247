import type { Source } from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { checkSource, openReader } from "./source.ts";
import { SourceError } from "./source-error.ts";
import { anyObject, fail } from "../../options.ts";

/**
 * Rejects values that are not sources.
 *
 * @throws {ConfigurationError} If there is none, or one is not a source, or a stream that is
 * already being read.
 */
export function checkSources(action: string, sources: readonly unknown[]): void {
  if (!Array.isArray(sources)) fail(action, "sources", "an array of sources", sources);
  const seen = new Set<unknown>();
  sources.forEach((source, index) => {
    checkSource(source, [action, `sources[${index}]`]);
    const isStream = anyObject.test(source) && "getReader" in (source as object);
    if (isStream && seen.has(source)) fail(action, `sources[${index}]`, "given once", source);
    seen.add(source);
  });
}

/** Several sources that are read as one: each is opened when it is first read. */
export class Inputs<T> {
  readonly #action: string;
  readonly #sources: readonly Source<T>[];
  readonly #readers: ChunkReader<T>[] = [];
  readonly #over = new Set<number>();
  #isEnded = false;

  /** Opens nothing yet. */
  constructor(action: string, sources: readonly Source<T>[]) {
    this.#action = action;
    this.#sources = sources;
  }

  /** Number of sources. */
  get count(): number {
    return this.#sources.length;
  }

  /**
   * The next items of one of them, which may be none; `undefined` at its end. Throws or rejects with a
   * `SourceError`.
   */
  next(index: number, most?: number): Answer<T> | Promise<Answer<T>> {
    if (this.#isEnded || this.#over.has(index)) return undefined;
    try {
      const answer = this.#open(index).next(most);
      if (!(answer instanceof Promise)) return this.#take(index, answer);
      return answer.then(
        (items) => this.#take(index, items),
        (error) => this.#fail(index, error),
      );
    } catch (error) {
      return this.#fail(index, error);
    }
  }

  /** Has all of them give no more, also those that were not opened; settles when they have let go. */
  async cancel(reason: unknown): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const left = this.#sources.map((_, index) => index).filter((index) => !this.#over.has(index));
    const cancelled = left.map(async (index) => await this.#open(index).cancel(reason));
    const results = await Promise.allSettled(cancelled);
    const failed = results.find(({ status }) => status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  /** Ends all others for the failure of one, and rejects with it. */
  async endBy(error: unknown): Promise<never> {
    await this.cancel(error).catch(() => {}); // The first failure is the one to tell.
    throw error;
  }

  #open(index: number): ChunkReader<T> {
    const use = [this.#action, `sources[${index}]`] as const;
    return this.#readers[index] ??= openReader(this.#sources[index]!, use);
  }

  #take(index: number, items: Answer<T>): Answer<T> {
    if (items === undefined) this.#over.add(index);
    return this.#isEnded ? undefined : items;
  }

  #fail(index: number, error: unknown): never {
    this.#over.add(index);
    throw new SourceError(index, error);
  }
}
