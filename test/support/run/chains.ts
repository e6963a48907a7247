import { BucketStream } from "../../../src/streams/bucket.ts";
import { LoaderStream } from "../../../src/streams/loader.ts";
import { ParallelMapStream } from "../../../src/streams/parallel-map.ts";
import { RateLimitStream } from "../../../src/streams/rate-limit.ts";
import { type Outcome, settle } from "../outcomes/outcome.ts";

/** Waits for a timer, which the test moves on. */
export const later = (time: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, time));

/** Lets time pass until the promise has settled. */
export async function ended(outcome: Outcome): Promise<Outcome> {
  for (let step = 0; step < 400 && outcome.state === "pending"; step++) await settle(5);
  return outcome;
}

/** Stages whose order does not matter, as each takes anything. */
export const stages: Record<string, () => TransformStream<unknown, unknown>> = {
  BucketStream: () => new BucketStream<unknown>({ batchSize: 3, timeout: 1_000_000 }),
  ParallelMapStream: () =>
    new ParallelMapStream<unknown, unknown>(async (item, { signal }) => {
      await later(5);
      signal.throwIfAborted();
      return item;
    }, { concurrency: 4 }),
  "ParallelMapStream without order": () =>
    new ParallelMapStream<unknown, unknown>(async (item, { index }) => {
      await later(index % 3 * 5);
      return item;
    }, { concurrency: 3, ordered: false }),
  RateLimitStream: () => new RateLimitStream<unknown>({ limit: 2, interval: 10 }),
  TransformStream: () => new TransformStream<unknown, unknown>(),
  "TransformStream that waits": () =>
    new TransformStream<unknown, unknown>({
      async transform(item, output) {
        await later(3);
        output.enqueue(item);
      },
    }),
};

/** What loads, and counts what runs. */
export class Table {
  /** All items, taken out of their batches. */
  readonly loaded: unknown[] = [];
  /** Loads that run now. */
  running = 0;
  /** The callback to hand over. */
  readonly load = async (
    item: unknown,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<void> => {
    this.running++;
    await later(5);
    this.running--;
    signal?.throwIfAborted();
    this.loaded.push(...[item].flat(9));
  };
}

/** What a chain ends with. */
export const sinks: Record<string, (table: Table) => WritableStream<unknown>> = {
  LoaderStream: ({ load }) => new LoaderStream(load, { workers: 3 }),
  WritableStream: ({ load }) => new WritableStream({ write: (item) => load(item) }),
};
