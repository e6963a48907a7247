import type { Source } from "../../streams/source.ts";
import { firstMalformed, type MalformedItem } from "../../streams/malformed-mark.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { checkSource, openReader } from "./source.ts";

/**
 * Converts a source (a `pipe`, `chunks()` or an iterable) to a `ReadableStream` of single items. It
 * starts to read with the first read, and holds one array of items. An item that the source could not
 * read is an error of the stream, after the items before it.
 *
 * @example
 * ```ts
 * import { chunks } from "millrace";
 * import { map, pipe, streamOf } from "millrace/operators";
 * import { deepEqual } from "node:assert/strict";
 *
 * const doubled: number[] = [];
 * const pages = chunks([[1, 2], [3]]);
 * for await (const n of streamOf(pipe(pages, map((n) => n * 2)))) doubled.push(n);
 * deepEqual(doubled, [2, 4, 6]);
 * ```
 *
 * @throws {ConfigurationError} If `source` is not a source, or a stream that is already being read.
 */
export function streamOf<T>(source: Source<T>): ReadableStream<T> {
  const use = ["stream items", "source"] as const;
  checkSource(source, use);
  const isLocking = "getReader" in source;
  const opened = isLocking ? openReader(source, use) : undefined; // Nobody else may read it.
  return streamFrom(() => opened ?? openReader(source, use));
}

/** Makes a stream of the items of a reader, which is opened when reading starts. */
export function streamFrom<T>(open: () => ChunkReader<T>): ReadableStream<T> {
  let opened: ChunkReader<T> | undefined;
  let malformed: MalformedItem | undefined; // Comes after the items in the queue.
  return new ReadableStream<T>({
    async pull(output) {
      opened ??= open();
      if (malformed !== undefined) throw malformed.cause;
      for (;;) {
        const items = await opened.next();
        if (items === undefined) return output.close();
        const place = firstMalformed(items);
        const end = place < 0 ? items.length : place;
        for (let index = 0; index < end; index++) output.enqueue(items[index]!);
        if (place < 0 && end === 0) continue;
        if (place < 0) return;
        malformed = items[place] as MalformedItem;
        await Promise.resolve(opened.cancel(malformed.cause)).catch(() => {}); // The first is told.
        if (end === 0) throw malformed.cause;
        return;
      }
    },
    async cancel(reason) {
      await (opened ?? open()).cancel(reason);
    },
  }, { highWaterMark: 0 }); // The platform then pulls only while a read waits.
}
