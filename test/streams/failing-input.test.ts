import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../src/streams/batched.ts";
import { BucketStream } from "../../src/streams/bucket.ts";
import { LoaderStream } from "../../src/streams/loader.ts";
import { ParallelMapStream } from "../../src/streams/parallel-map.ts";
import { RateLimitStream } from "../../src/streams/rate-limit.ts";
import { type Outcome, outcomeOf, settle } from "../support/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const count = 23; // The last batch is not full.
const all = Array.from({ length: count }, (_, n) => n);
const failure = new Error("of the source");
const later = (time: number) => new Promise<void>((resolve) => void setTimeout(resolve, time));

/** Lets time pass until the promise has settled. */
async function ended(outcome: Outcome): Promise<Outcome> {
  for (let step = 0; step < 400 && outcome.state === "pending"; step++) await settle(5);
  return outcome;
}

/** Fails after its last item: at once, or while stages still hold what it gave. */
async function* failing(delay: number, error: unknown = failure) {
  for (const item of all) {
    if (delay > 0) await later(delay);
    yield item;
  }
  throw error;
}

const sources = {
  batched: (delay: number) => batched(failing(delay), { batchSize: 4, timeout: Infinity }),
  "a stream": (delay: number) => {
    const items = failing(delay);
    return new ReadableStream<number>({
      async pull(output) {
        output.enqueue((await items.next()).value as number);
      },
    });
  },
};

/** Stages whose order does not matter, as each takes anything. */
const stages: Record<string, () => TransformStream<unknown, unknown>> = {
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
class Table {
  readonly loaded: unknown[] = [];
  running = 0;
  readonly load = async (item: unknown, { signal }: { signal?: AbortSignal } = {}) => {
    this.running++;
    await later(5);
    this.running--;
    signal?.throwIfAborted();
    this.loaded.push(...[item].flat(9));
  };
}

const sinks: Record<string, (table: Table) => WritableStream<unknown>> = {
  LoaderStream: ({ load }) => new LoaderStream(load, { workers: 3 }),
  WritableStream: ({ load }) => new WritableStream({ write: (item) => load(item) }),
};

const names = Object.keys(stages);
const isOurs = (name: string) => !name.startsWith("TransformStream");
const chains = [[], ...names.map((name) => [name])].concat(
  names.flatMap((one) => names.map((other) => [one, other])).filter((pair) => pair.some(isOurs)),
  [["ParallelMapStream", "RateLimitStream", "BucketStream", "ParallelMapStream without order"]],
);
const cases = (Object.keys(sources) as (keyof typeof sources)[]).flatMap((source) =>
  Object.keys(sinks).flatMap((sink) =>
    chains.map((chain) => ({ source, sink, chain, through: chain.join(" → ") || "nothing" }))
  )
);

describe("a chain whose source fails", () => {
  it.each(cases)(
    "loads all that was read, then fails: $source through $through to $sink",
    async ({ source, sink, chain }) => {
      for (const delay of [0, 7]) {
        const table = new Table();
        let stream = sources[source](delay) as ReadableStream<unknown>;
        for (const name of chain) stream = stream.pipeThrough(stages[name]!());
        const piped = await ended(outcomeOf(stream.pipeTo(sinks[sink]!(table))));
        expect(table.running).toBe(0);
        expect(piped).toEqual({ state: "rejected", value: failure });
        expect(table.loaded.toSorted((a, b) => Number(a) - Number(b))).toEqual(all);
        expect(vi.getTimerCount()).toBe(0);
      }
    },
  );
});
