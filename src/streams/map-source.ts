import { isOf } from "../errors.ts";
import { Chunks } from "./chunks.ts";
import { checkAnswer, openSource, type Source, type SourceUse } from "./source.ts";

/**
 * Returns a source of the same kind whose items are mapped one by one. An exception of `map` stops the
 * source and becomes its error. Stopping it stops `source`, even while a read is pending.
 *
 * @throws {ConfigurationError} If `source` is not a source, or is a stream with another reader.
 */
export function mapSource<I, O>(
  source: Source<I>,
  map: (item: I) => O,
  use: SourceUse,
): Source<O> {
  if (!isOf(source, Chunks)) return mapEach(source, map, use);
  // The reader rejects a chunk that is not an array.
  const mapChunk = (chunk: readonly I[]) =>
    Array.isArray(chunk) ? chunk.map((item) => map(item)) : chunk;
  const chunks = source.source as Source<readonly I[]>;
  return new Chunks(mapEach(chunks, mapChunk, use) as Chunks<O>["source"]);
}

function mapEach<I, O>(
  source: Source<I>,
  map: (item: I) => O,
  use: SourceUse,
): Exclude<Source<O>, Chunks<O>> {
  const open = openSource(use, source);
  if (open.kind === "array") return open.items.map((item) => map(item as I));
  if (open.kind === "stream") {
    return mapStream(open.reader as ReadableStreamDefaultReader<I>, map);
  }
  const over = { done: true, value: undefined } as const;
  const mapped = (value: unknown) => ({ done: false, value: map(value as I) }) as const;
  if (open.kind === "sync") {
    const { iterator } = open;
    const end = () => (iterator.return?.(), over);
    const next = () => {
      const { done, value } = checkAnswer(iterator.next());
      if (done) return over;
      try {
        return mapped(value);
      } catch (error) {
        try {
          end();
        } catch {
          // The first error is reported.
        }
        throw error;
      }
    };
    return { [Symbol.iterator]: () => ({ next, return: end }) };
  }
  const { iterator } = open;
  const end = async () => (await iterator.return?.(), over);
  const next = async () => {
    const { done, value } = checkAnswer(await iterator.next());
    if (done) return over;
    try {
      return mapped(value);
    } catch (error) {
      await end().catch(() => {}); // The first error is reported.
      throw error;
    }
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}

function mapStream<I, O>(
  reader: ReadableStreamDefaultReader<I>,
  map: (item: I) => O,
): ReadableStream<O> {
  reader.closed.catch(() => {}); // Reads report it.
  return new ReadableStream<O>({
    async pull(output) {
      try {
        const { done, value } = await reader.read();
        if (!done) return output.enqueue(map(value));
        output.close();
      } catch (error) {
        await reader.cancel(error).catch(() => {}); // The first of two errors is reported.
        reader.releaseLock();
        throw error;
      }
      reader.releaseLock();
    },
    async cancel(reason) {
      try {
        await reader.cancel(reason);
      } finally {
        reader.releaseLock();
      }
    },
  }, { highWaterMark: 0 });
}
