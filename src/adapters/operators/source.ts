import { isOf } from "../../errors.ts";
import { fail } from "../../plain-options.ts";
import { Chunks } from "../../streams/chunks.ts";
import type { Source, SourceUse } from "../../streams/source.ts";
import type { Answer, ChunkReader } from "./chunk-reader.ts";
import { readSource } from "./source-reader.ts";
import type { CheckTerms } from "./terms.ts";

/** The arrays of a source of this room: another operator reads them without a promise for each. */
class ReaderChunks<T> implements AsyncIterable<readonly T[]> {
  readonly open: () => ChunkReader<T>;

  constructor(open: () => ChunkReader<T>) {
    this.open = open;
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly T[]> {
    const reader = this.open();
    let isOver = false;
    let finish = () => {}; // Settles the answer that is awaited when the reading is ended.
    const over = { done: true, value: undefined } as const;
    const result = (items: Answer<T>): IteratorResult<readonly T[]> => {
      if (items !== undefined && !isOver) return { done: false, value: items };
      isOver = true;
      return over;
    };
    const next = async (): Promise<IteratorResult<readonly T[]>> => {
      if (isOver) return over;
      const answer = reader.next();
      if (!(answer instanceof Promise)) return result(answer);
      return new Promise((resolve, reject) => {
        finish = () => resolve(over);
        answer.then((items) => resolve(result(items)), reject);
      });
    };
    const end = async () => {
      if (isOver) return over;
      isOver = true;
      finish();
      await reader.cancel(undefined);
      return over;
    };
    return { next, return: end };
  }
}

/**
 * Returns a source that opens a reader with `open` for each reading; `checkTerms` is what it
 * tells a run that reads it.
 */
export function chunksOf<T>(open: () => ChunkReader<T>, checkTerms?: CheckTerms): Chunks<T> {
  const chunks = new Chunks(new ReaderChunks(open));
  if (checkTerms === undefined) return chunks;
  const check: CheckTerms = (action, terms, found) => {
    try {
      return checkTerms(action, terms, found);
    } catch (error) {
      const release = async () => open().cancel(error); // Nobody will read it.
      release().catch(() => {}); // The refusal is told.
      throw error;
    }
  };
  return Object.assign(chunks, { checkTerms: check });
}

/** Makes a source tell how many bytes another one has read, if that does: a run knows how far it is. */
export function tellingBytesOf<T>(source: Source<unknown>, chunks: Chunks<T>): Chunks<T> {
  const inner = Object(isOf(source, Chunks) ? source.source : source);
  if (!("bytesRead" in inner)) return chunks;
  Object.defineProperties(chunks.source, {
    bytesRead: { get: () => inner.bytesRead },
    bytesSkipped: { get: () => inner.bytesSkipped },
  });
  return chunks;
}

/**
 * Begins to read a source.
 *
 * @throws {ConfigurationError} If it is not a source, or a stream that is already being read.
 */
export function openReader<T>(source: Source<T>, use: SourceUse): ChunkReader<T> {
  const own: unknown = isOf(source, Chunks) ? source.source : undefined;
  return own instanceof ReaderChunks ? own.open() : readSource(source, use);
}

/**
 * Rejects a value that is not a source, before anything is read.
 *
 * @throws {ConfigurationError} If it is not a source, or a stream that is already being read.
 */
export function checkSource(source: unknown, [action, name, giving = ""]: SourceUse): void {
  const inner: unknown = isOf(source, Chunks) ? source.source : source;
  if (typeof inner === "string" || inner instanceof String) {
    fail(action, name, `${giving}items: a text as [text], its lines as text.split("\\n")`, inner);
  }
  const members = Object(inner) as Record<PropertyKey, unknown>;
  const names = ["getReader", Symbol.asyncIterator, Symbol.iterator];
  if (!names.some((member) => typeof members[member] === "function")) {
    const rule = `${giving}a ReadableStream, an iterable, or one of them in chunks()`;
    fail(action, name, rule, inner);
  }
  if (members["locked"] === true) fail(action, name, `${giving}an unlocked stream`, inner);
}
