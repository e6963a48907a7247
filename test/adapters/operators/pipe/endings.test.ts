import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Chunks, chunks, etl } from "../../../../src/index.ts";
import {
  filter,
  lookup,
  map,
  pipe,
  reduceByKey,
  streamOf,
  take,
  takeUntil,
  tap,
  window,
} from "../../../../src/adapters/operators.ts";
import { outcomeOf, settle } from "../../../support/outcomes/outcome.ts";
import { unhandledRejections } from "../../../support/run/rejections.ts";
import { FedStream } from "../../../support/streams/streams.ts";

type Numbers = Chunks<number>;

const counts = { by: (n: number) => n, init: () => 0, add: (n: number) => n + 1, max: 100 };

/** Programs that let numbers through, and hold some of them in one way or another. */
const programs: Record<string, (source: Numbers, signal: AbortSignal) => Numbers> = {
  "no operator": (source, signal) => pipe(source, takeUntil(signal)),
  "plain functions": (source, signal) =>
    pipe(source, map((n) => n), filter(() => true), takeUntil(signal), take(100)),
  "promises": (source, signal) =>
    pipe(source, map(async (n) => n, { concurrency: 3 }), takeUntil(signal), tap(async () => {})),
  "windows": (source, signal) =>
    pipe(source, window({ size: 5, every: 100 }), map((items) => items[0]!), takeUntil(signal)),
  "sums": (source, signal) =>
    pipe(source, reduceByKey({ ...counts, flushEvery: 100 }), map(([n]) => n), takeUntil(signal)),
  "keys": (source, signal) =>
    pipe(
      source,
      lookup({ key: (n) => n, load: async () => [], timeout: 100 }),
      map(([n]) => n),
      takeUntil(signal),
    ),
};

const failure = new Error("source");

/** How a reading ends: what is done, what the source is told then, and what the reader. */
interface Ending {
  act(
    fed: FedStream<number[]>,
    reader: ReadableStreamDefaultReader<number>,
    stop: () => void,
  ): void;
  readonly cancelled: unknown[];
  readonly error?: unknown;
  /** What was held is given. */
  readonly isFlushed: boolean;
}

const endings: Record<string, Ending> = {
  close: { act: (fed) => fed.close(), cancelled: [], isFlushed: true },
  throw: { act: (fed) => fed.fail(failure), cancelled: [], error: failure, isFlushed: true },
  cancel: {
    act: (_, reader) => void reader.cancel("enough"),
    cancelled: ["enough"],
    isFlushed: false,
  },
  signal: { act: (_fed, _, stop) => stop(), cancelled: ["stopped"], isFlushed: false },
};

describe("pipe", () => {
  let unhandled: ReturnType<typeof unhandledRejections>;
  beforeEach(() => {
    vi.useFakeTimers();
    unhandled = unhandledRejections();
  });
  afterEach(() => {
    vi.useRealTimers();
    unhandled.stop();
    expect(unhandled.reasons).toEqual([]);
  });

  const cases = Object.entries(programs).flatMap(([program, make]) =>
    Object.entries(endings).map(([ending, how]) => ({ program, make, ending, how }))
  );

  it.each(cases)("of $program ends by $ending, and holds nothing then", async ({ make, how }) => {
    const fed = new FedStream<number[]>();
    const stop = new AbortController();
    const reader = streamOf(make(chunks(fed.stream), stop.signal)).getReader();
    const given: number[] = [];
    const end = outcomeOf((async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        given.push(value);
      }
    })());
    await settle();
    fed.give([1, 2]);
    await settle(200); // Whatever is held then goes.
    const before = given.length;
    fed.give([3]);
    await settle();
    how.act(fed, reader, () => stop.abort("stopped"));
    await settle();
    expect(given.slice(before)).toEqual(how.isFlushed || given.includes(3) ? [3] : []);
    expect(before).toBeGreaterThan(0);
    expect(end).toEqual(
      "error" in how
        ? { state: "rejected", value: how.error }
        : { state: "fulfilled", value: undefined },
    );
    expect(fed.cancelled).toEqual(how.cancelled);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(Object.entries(programs))("of %s lets go when a run aborts", async (_, make) => {
    const fed = new FedStream<number[]>();
    const loaded: number[] = [];
    const { signal } = new AbortController();
    const run = etl({
      name: "numbers",
      extract: () => make(chunks(fed.stream), signal),
      load: (rows: number[]) => void loaded.push(...rows),
    }).start();
    const end = outcomeOf(run.finished);
    await settle();
    fed.give([1, 2]);
    await settle(200);
    run.abort("enough");
    await settle(1);
    expect([end.state, fed.cancelled.length, vi.getTimerCount()]).toEqual(["rejected", 1, 0]);
    expect(loaded.length).toBeGreaterThan(0);
  });

  it("returns generators that it reads", async () => {
    const ends: string[] = [];
    async function* items() {
      try {
        for (let n = 0;; n++) yield n;
      } finally {
        ends.push("async");
      }
    }
    function* pages() {
      try {
        for (let n = 0;; n++) yield [n];
      } finally {
        ends.push("sync");
      }
    }
    for (const source of [pipe(items(), take(2)), pipe(chunks(pages()), take(2))]) {
      for await (const chunk of source.source) expect(chunk.length).toBeGreaterThan(0);
    }
    for (const source of [pipe(items()), pipe(chunks(pages()))]) {
      for await (const chunk of source.source) if (chunk.includes(0)) break;
    }
    expect(ends).toEqual(["async", "sync", "async", "sync"]);
  });

  it("reads each time anew, with state of its own", async () => {
    const source = pipe([1, 2, 3], take(2), map((n) => n));
    for (let reading = 0; reading < 2; reading++) {
      const given: (readonly number[])[] = [];
      for await (const chunk of source.source) given.push(chunk);
      expect(given).toEqual([[1, 2]]);
    }
  });
});
