import { Chunks } from "./chunks.ts";
import { openSource, type Source, type SourceUse } from "./source.ts";

/**
 * A source of the same kind whose items are mapped, one by one, by a function that does not throw.
 * To stop it stops `source`, also while a read is pending.
 *
 * @throws {ConfigurationError} If `source` is no source, or a stream that somebody else reads.
 */
export function mapSource<I, O>(
  source: Source<I>,
  map: (item: I) => O,
  use: SourceUse,
): Source<O> {
  if (!(source instanceof Chunks)) return mapEach(source, map, use);
  return new Chunks(mapEach(source.source, (items) => items.map(map), use) as Chunks<O>["source"]);
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
  const mapResult = (result: IteratorResult<unknown>): IteratorResult<O> =>
    result.done ? { done: true, value: undefined } : { done: false, value: map(result.value as I) };
  if (open.kind === "sync") {
    const next = () => mapResult(open.iterator.next());
    const end = () => (open.iterator.return?.(), mapResult({ done: true, value: undefined }));
    return { [Symbol.iterator]: () => ({ next, return: end }) };
  }
  const next = async () => mapResult(await open.iterator.next());
  const end = async () => mapResult(await open.iterator.return?.() ?? { done: true, value: 0 });
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}

function mapStream<I, O>(
  reader: ReadableStreamDefaultReader<I>,
  map: (item: I) => O,
): ReadableStream<O> {
  reader.closed.catch(() => {}); // Reads tell.
  return new ReadableStream<O>({
    async pull(output) {
      let result: ReadableStreamReadResult<I>;
      try {
        result = await reader.read();
      } catch (error) {
        reader.releaseLock();
        throw error;
      }
      if (!result.done) return output.enqueue(map(result.value));
      output.close();
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
