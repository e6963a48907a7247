import { isOf } from "../../errors.ts";
import { fail } from "../../plain-options.ts";
import { nextMacrotask, Yielder } from "../../runtime/macrotask.ts";
import { Chunks } from "../../streams/chunks.ts";
import {
  type Answer as Drawn,
  type AsyncSource,
  cancelSource,
  checkAnswer,
  type OpenSource,
  openSource,
  type Source,
  type SourceUse,
} from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { ItemReader } from "./item-reader.ts";

/** Items that are gathered from a source that gives them one by one. */
export const ITEMS_PER_CHUNK = 256;

/**
 * Starts to read a source that is not of this folder.
 *
 * @throws {ConfigurationError} If it is not a source, or a stream that is already being read.
 */
export function readSource<T>(source: Source<T>, use: SourceUse): ChunkReader<T> {
  const isChunked = isOf(source, Chunks);
  const open = openSource(use, source);
  if (open.kind === "array") return new SyncReader(arrayDraw(open.items as readonly T[]), open);
  if (open.kind === "sync") {
    const iterator = open.iterator as Iterator<T>;
    return new SyncReader(isChunked ? chunkDraw(open.iterator) : itemDraw(iterator), open);
  }
  return isChunked ? new AsyncChunkReader(open) : new ItemReader(open, ITEMS_PER_CHUNK);
}

/** Takes at most so many items, if they do not come in arrays; what fails is told once all are given. */
type Draw<T> = (most: number, pace: Yielder) => Answer<T>;

/** Reads what need not be waited for, but for a turn of everything else now and then. */
class SyncReader<T> implements ChunkReader<T> {
  readonly #draw: Draw<T>;
  readonly #source: OpenSource;
  readonly #pace = new Yielder();
  #isOver = false;

  constructor(draw: Draw<T>, source: OpenSource) {
    this.#draw = draw;
    this.#source = source;
  }

  next(most = Infinity): Answer<T> | Promise<Answer<T>> {
    if (this.#isOver) return undefined;
    let items: Answer<T>;
    try {
      items = this.#draw(most, this.#pace);
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
    if (items === undefined) this.#isOver = true;
    else if (this.#pace.isDue(items.length || 1)) return this.#later(items);
    return items;
  }

  cancel(reason: unknown): void | Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    return cancelSource(this.#source, reason);
  }

  async #later(items: Answer<T>): Promise<Answer<T>> {
    await nextMacrotask();
    return this.#isOver ? undefined : items;
  }
}

function arrayDraw<T>(items: readonly T[]): Draw<T> {
  let from = 0;
  return (most) => {
    if (from >= items.length) return undefined;
    const to = Math.min(items.length, from + Math.min(most, ITEMS_PER_CHUNK));
    return items.slice(from, from = to);
  };
}

function itemDraw<T>(iterator: Iterator<T>): Draw<T> {
  let failure: { readonly error: unknown } | undefined;
  let isDone = false;
  return (most, pace) => {
    if (failure !== undefined) throw failure.error;
    if (isDone) return undefined;
    // Those of a slow iterator go on before many milliseconds are gone.
    const limit = Math.min(most, ITEMS_PER_CHUNK, Math.max(pace.step, 16));
    const items: T[] = [];
    try {
      while (items.length < limit) {
        const { done, value } = checkAnswer(iterator.next());
        if (done) {
          isDone = true;
          break;
        }
        items.push(value as T);
      }
    } catch (error) {
      if (items.length === 0) throw error;
      failure = { error };
    }
    return items.length === 0 ? undefined : items;
  };
}

function chunkDraw<T>(iterator: Iterator<unknown>): Draw<T> {
  return () => {
    const { done, value } = checkAnswer(iterator.next());
    return done ? undefined : checkChunk(value);
  };
}

/** Reads arrays that have to be waited for. */
class AsyncChunkReader<T> implements ChunkReader<T> {
  readonly #source: AsyncSource;
  #isOver = false;

  constructor(source: AsyncSource) {
    this.#source = source;
    if (source.kind === "stream") source.reader.closed.catch(() => {}); // Reads tell.
  }

  async next(): Promise<Answer<T>> {
    if (this.#isOver) return undefined;
    const source = this.#source;
    let answer: Drawn;
    try {
      answer = source.kind === "stream" ? await source.reader.read() : await source.iterator.next();
      checkAnswer(answer);
    } catch (error) {
      this.#end();
      throw error;
    }
    if (this.#isOver) return undefined;
    if (answer.done) return this.#end();
    try {
      return checkChunk<T>(answer.value);
    } catch (error) {
      await Promise.resolve(this.cancel(error)).catch(() => {}); // The first error is told.
      throw error;
    }
  }

  cancel(reason: unknown): void | Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const cancelled = cancelSource(this.#source, reason);
    this.#end();
    return cancelled;
  }

  #end(): undefined {
    this.#isOver = true;
    if (this.#source.kind === "stream") this.#source.reader.releaseLock();
  }
}

function checkChunk<T>(chunk: unknown): readonly T[] {
  if (!Array.isArray(chunk)) fail("read chunk", "chunk", "an array", chunk);
  return chunk as readonly T[];
}
