import { SourceBatcher } from "./source-batcher.ts";
import { type BucketOptions, checkBucketOptions } from "./bucket-options.ts";
import { firstMalformed, type MalformedItem } from "./malformed-mark.ts";
import { type ReadEnd, SourceReader } from "./source-reader.ts";
import type { Source } from "./source.ts";

/**
 * Returns a stream of batches pulled straight from a source: like `BucketStream`, but without the cost
 * of a pipe for each chunk.
 *
 * Reading begins with the first read of a batch, and continues until one batch waits and one more is
 * full. When the source fails, `onError` sets the fate of the gathered items. Cancelling cancels the
 * source, even while a read of it is pending.
 *
 * @example Two at a time
 * ```ts
 * import { batched } from "millrace";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(await Array.fromAsync(batched([1, 2, 3], { batchSize: 2 })), [[1, 2], [3]]);
 * ```
 *
 * @throws {ConfigurationError} If `source` is not a source, or an option is unknown or breaks its rule.
 */
export function batched<T>(source: Source<T>, options: BucketOptions<T> = {}): ReadableStream<T[]> {
  const limits = checkBucketOptions("batch source", options);
  let output!: ReadableStreamDefaultController<T[]>; // Set by `start`, within the constructor.
  let hasDemand = false; // A read waits.
  let reading: Promise<void> | undefined; // Settles when the source is no longer read.
  let finish: (() => void) | undefined; // Left to do after the end of the source.
  let isOver = false; // Cancelled, or failed by a malformed item.
  let lateEnd: ReadEnd; // How the source ended after that.
  const failAt = ({ cause }: MalformedItem) => {
    isOver = true;
    finish = () => output.error(cause);
    batcher.discard();
    reader.stop(cause, true).catch(() => {}); // The first error is reported.
  };
  const serve = () => {
    const batch = hasDemand ? batcher.take() : undefined;
    const place = batch === undefined ? -1 : firstMalformed(batch);
    if (place >= 0) {
      failAt(batch![place] as MalformedItem);
      batch!.length = limits.onError === "flush" ? place : 0;
    }
    if (batch !== undefined && batch.length > 0) {
      hasDemand = false;
      output.enqueue(batch);
    }
    // `error` would drop a batch that an abandoned read has left in the platform's queue.
    if (finish === undefined || !batcher.isEmpty || output.desiredSize !== 0) return;
    finish();
    finish = undefined;
  };
  const batcher = new SourceBatcher(limits, serve);
  const onEnd = (end: ReadEnd) => {
    if (isOver) return void (lateEnd = end);
    finish = () => end === undefined ? output.close() : output.error(end.error);
    batcher[end === undefined ? "flush" : limits.onError]();
    serve();
  };
  const reader = new SourceReader(source, batcher, { onGoOn() {}, onEnd }, [
    "batch source",
    "source",
  ]);
  return new ReadableStream<T[]>({
    start: (controller) => void (output = controller),
    pull: () => {
      hasDemand = true;
      reading ??= reader.start();
      serve();
    },
    cancel: async (reason) => {
      isOver = true;
      hasDemand = false; // Late items of the source must not go to a closed stream.
      batcher.discard();
      const stopped = reader.stop(reason, true);
      // A generator that is awaiting something ends only after that; its error is ignored.
      if (reader.isStuck) return void stopped.catch(() => {});
      await stopped;
      await reading;
      if (lateEnd !== undefined) throw lateEnd.error;
    },
  }, { highWaterMark: 0 }); // So the platform pulls only while a read waits.
}
