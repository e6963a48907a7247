import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../../src/streams/batched.ts";
import { BucketStream } from "../../../src/streams/bucket.ts";
import { ParallelMapStream } from "../../../src/streams/parallel-map.ts";
import { ended, later, sinks, stages, Table } from "../../support/run/chains.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { streamOf } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const count = 23; // The last batch is not full.
const all = Array.from({ length: count }, (_, n) => n);
const failure = new Error("broken");
const sorted = (items: readonly unknown[]) => items.toSorted((a, b) => Number(a) - Number(b));

/** Fails after its last item: at once, or while stages still hold what it gave. */
async function* failing(delay: number) {
  for (const item of all) {
    if (delay > 0) await later(delay);
    yield item;
  }
  throw failure;
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

describe("a chain of streams whose source fails", () => {
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
        expect(sorted(table.loaded)).toEqual(all);
        expect(vi.getTimerCount()).toBe(0);
      }
    },
  );
});

/** Stages that fail at the item 11. */
const breaking: Record<string, () => TransformStream<unknown, unknown>> = {
  ParallelMapStream: () =>
    new ParallelMapStream<unknown, unknown>(async (item) => {
      await later(2);
      if ([item].flat(9).includes(11)) throw failure;
      return item;
    }, { concurrency: 2 }),
  BucketStream: () =>
    new BucketStream<unknown>({
      batchSize: 2,
      sizeOf: (item) => {
        if ([item].flat(9).includes(11)) throw failure;
        return 1;
      },
    }),
  TransformStream: () =>
    new TransformStream<unknown, unknown>({
      transform(item, output) {
        if ([item].flat(9).includes(11)) throw failure;
        output.enqueue(item);
      },
    }),
};

const brokenCases = Object.keys(breaking).flatMap((broken) =>
  names.flatMap((before) => names.map((after) => ({ broken, before, after })))
);

describe("a chain of streams that fails in its middle", () => {
  it.each(brokenCases)(
    "loads what has passed, cancels its source and fails: $before → $broken → $after",
    async ({ broken, before, after }) => {
      let isReturned = false;
      async function* endless() {
        try {
          for (let item = 0; true; item++) yield item;
        } finally {
          isReturned = true;
        }
      }
      for (const sink of Object.values(sinks)) {
        isReturned = false;
        const table = new Table();
        const stream = batched<unknown>(endless(), { batchSize: 2 })
          .pipeThrough(stages[before]!())
          .pipeThrough(breaking[broken]!())
          .pipeThrough(stages[after]!());
        const piped = await ended(outcomeOf(stream.pipeTo(sink(table))));
        expect(table.running).toBe(0);
        expect(piped).toEqual({ state: "rejected", value: failure });
        await ended(outcomeOf(later(20))); // Waits that the stage before has begun.
        expect(isReturned).toBe(true);
        expect(vi.getTimerCount()).toBe(0);
        const { loaded } = table;
        expect(new Set(loaded).size).toBe(loaded.length);
        expect(loaded).not.toContain(11);
        if (broken === "ParallelMapStream" || before.endsWith("without order")) continue;
        // What fails comes in a batch of two, or of three times two.
        expect(sorted(loaded)).toEqual(all.slice(0, before === "BucketStream" ? 6 : 10));
      }
    },
  );
});

describe("a pipe with preventAbort", () => {
  it.each(names)("keeps the stage usable for the next source: %s", async (name) => {
    for (const sink of Object.values(sinks)) {
      const table = new Table();
      const stage = stages[name]!();
      const piped = outcomeOf(stage.readable.pipeTo(sink(table)));
      const first = sources["a stream"](0).pipeTo(stage.writable, { preventAbort: true });
      expect(await ended(outcomeOf(first))).toEqual({ state: "rejected", value: failure });
      const next = streamOf([count, count + 1]).pipeTo(stage.writable);
      expect((await ended(outcomeOf(next))).state).toBe("fulfilled");
      expect((await ended(piped)).state).toBe("fulfilled");
      expect(sorted(table.loaded)).toEqual([...all, count, count + 1]);
    }
  });

  it.each(Object.keys(sinks))("keeps the loader usable for the next source: %s", async (name) => {
    const table = new Table();
    const sink = sinks[name]!(table);
    const first = sources.batched(0).pipeTo(sink, { preventAbort: true });
    expect(await ended(outcomeOf(first))).toEqual({ state: "rejected", value: failure });
    await ended(outcomeOf(streamOf<unknown>([count]).pipeTo(sink)));
    expect(sorted(table.loaded)).toEqual([...all, count]);
  });
});
