import { describe, expect, it } from "vitest";
import { chunks, malformed, skip, type Source } from "../../../src/index.ts";
import {
  filter,
  flatMap,
  map,
  pipe,
  streamOf,
  take,
  tap,
} from "../../../src/adapters/operators.ts";
import { outcomeOf, turns } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

/** Calls that the test settles, one by one. */
class Calls {
  readonly begun: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #open = new Map<number, PromiseWithResolvers<number>>();
  readonly call = (n: number, { signal }: { signal: AbortSignal }): Promise<number> => {
    this.begun.push(n);
    this.signals.push(signal);
    let resolve!: (value: number | PromiseLike<number>) => void;
    let reject!: (error: unknown) => void;
    const promise = new Promise<number>((...both) => [resolve, reject] = both);
    this.#open.set(n, { promise, resolve, reject });
    return promise;
  };

  async end(n: number, error?: Error): Promise<void> {
    const { resolve, reject } = this.#open.get(n)!;
    if (error === undefined) resolve(n * 10);
    else reject(error);
    await turns();
  }
}

const numbers = [1, 2, 3, 4, 5, 6];

describe("map", () => {
  it("gives no item for skip, now or later", async () => {
    const odd = (n: number) => n % 2 ? n : skip;
    const piped = pipe(numbers, map(odd), map(async (n) => n === 3 ? skip : n));
    expect(await readAll(streamOf(piped))).toEqual({ chunks: [1, 5] });
  });

  it("leads each item through all functions beside it, more than fit into one pass", async () => {
    const calls: string[] = [];
    const plus = (name: string) =>
      map((n: number) => {
        calls.push(`${name}${n}`);
        return n + 1;
      });
    const five = (source: Source<number>) =>
      pipe(source, plus("a"), filter((n) => n !== 3), plus("b"), tap(() => "ignored"), plus("c"));
    const piped = five(five([1, 2]));
    expect(await readAll(streamOf(piped))).toEqual({ chunks: [7] });
    expect(calls).toEqual(["a1", "b2", "c3", "a4", "b5", "a2", "c6"]);
  });

  it("lets an item pass by that a function has found to be malformed", async () => {
    const bad = malformed("x", new Error("no number"));
    const given: unknown[] = [];
    const piped = pipe(
      ["1", "x", "2"],
      map((text) => /\d/.test(text) ? Number(text) : bad as unknown as number),
      filter((n) => n < 5),
      map(async (n) => n * 2),
      map((n) => n + 1),
    );
    for await (const chunk of piped.source) given.push(...chunk);
    expect(given).toEqual([3, bad, 5]);
  });

  it("makes so many calls at once, and gives their results in order", async () => {
    const calls = new Calls();
    const reader = streamOf(pipe(numbers, map(calls.call, { concurrency: 3 }))).getReader();
    await turns();
    expect(calls.begun).toEqual([]); // Nobody reads.
    const first = outcomeOf(reader.read());
    await turns();
    expect(calls.begun).toEqual([1, 2, 3]);
    await calls.end(2);
    expect([first.state, calls.begun]).toEqual(["pending", [1, 2, 3, 4]]);
    await calls.end(3); // One result more than may wait, beside the calls that run.
    expect(calls.begun).toEqual([1, 2, 3, 4]);
    await calls.end(1);
    expect(first.value).toEqual({ done: false, value: 10 });
    expect(calls.begun).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("gives results as they are done, if it need not keep the order", async () => {
    const calls = new Calls();
    const stream = streamOf(pipe(numbers, map(calls.call, { concurrency: 2, ordered: false })));
    const all = readAll(stream);
    await turns();
    for (const n of [2, 3, 1, 5, 6, 4]) await calls.end(n);
    expect(await all).toEqual({ chunks: [20, 30, 10, 50, 60, 40] });
  });

  it("makes calls side by side where items come one by one", async () => {
    const calls = new Calls();
    const fed = new FedStream<number>();
    const all = readAll(streamOf(pipe(fed.stream, map(calls.call, { concurrency: 2 }))));
    for (const n of [1, 2, 3]) {
      fed.give(n);
      await turns();
    }
    expect(calls.begun).toEqual([1, 2]);
    fed.close();
    for (const n of [2, 1, 3]) await calls.end(n);
    expect(await all).toEqual({ chunks: [10, 20, 30] });
  });

  it("gives what comes before a call that has failed, and begins no further one", async () => {
    const calls = new Calls();
    const all = readAll(streamOf(pipe(numbers, map(calls.call, { concurrency: 3 }))));
    await turns();
    const error = new Error("two");
    await calls.end(2, error);
    expect(calls.begun).toEqual([1, 2, 3]);
    expect(calls.signals[0]!.aborted).toBe(false); // Its result is wanted.
    await calls.end(1);
    expect(calls.signals[2]!.aborted).toBe(true);
    const outcome = outcomeOf(all);
    await turns();
    expect(outcome.state).toBe("pending"); // A call is running.
    await calls.end(3);
    expect(outcome.value).toEqual({ chunks: [10], error });
  });

  it("aborts the calls when it is cancelled, and settles when none is running", async () => {
    const calls = new Calls();
    const fed = new FedStream<number[]>();
    const reader = streamOf(pipe(chunks(fed.stream), map(calls.call, { concurrency: 2 })))
      .getReader();
    const read = outcomeOf(reader.read());
    fed.give([1, 2, 3]);
    await turns();
    const cancelled = outcomeOf(reader.cancel("enough"));
    await turns();
    expect(calls.signals.map(({ aborted, reason }) => [aborted, reason]))
      .toEqual([[true, "enough"], [true, "enough"]]);
    expect(fed.cancelled).toEqual(["enough"]);
    expect([read.value, cancelled.state]).toEqual([{ done: true, value: undefined }, "pending"]);
    await calls.end(1, new Error("aborted"));
    await calls.end(2);
    expect([cancelled.state, calls.begun]).toEqual(["fulfilled", [1, 2]]);
  });

  it("gives what was read before its source fails, with calls in flight", async () => {
    const calls = new Calls();
    const fed = new FedStream<number[]>();
    const all = readAll(streamOf(pipe(chunks(fed.stream), map(calls.call, { concurrency: 3 }))));
    fed.give([1, 2]);
    await turns();
    fed.fail("source");
    await calls.end(2);
    await calls.end(1);
    expect(await all).toEqual({ chunks: [10, 20], error: "source" });
  });

  it.each([
    [() => map(5 as never), "construct map as 'fn' must be a function: current value is 5"],
    [
      () => map((n) => n, { concurrency: 0 }),
      "construct map as 'concurrency' must be a positive integer: current value is 0",
    ],
    [
      () => flatMap(() => [], { ordered: 1 as never }),
      "construct flatMap as 'ordered' must be a boolean: current value is 1",
    ],
    [
      () => tap(() => {}, { ordered: false, reorderBuffer: 2 }),
      "construct tap as 'reorderBuffer' must be omitted if 'ordered' is false: current value is 2",
    ],
  ])("refuses wrong options: %#", (make, words) => {
    expect(make).toThrow(`Cannot ${words}`);
  });
});

describe("filter", () => {
  it("ends where the last items are left out, and more are wanted", async () => {
    const isPlus = (n: number) => n % 3 === 0 ? Promise.resolve(false) : n > 0;
    const piped = pipe([1, 2, 3, 4, 5, 6, 7, 8, 9, -1], filter(isPlus), take(9));
    expect(await readAll(streamOf(piped))).toEqual({ chunks: [1, 2, 4, 5, 7, 8] });
  });

  it("refuses an answer that is neither true nor false", async () => {
    const piped = pipe([1], filter(() => 1 as never));
    const { error } = await readAll(streamOf(piped));
    expect(String(error)).toContain(
      "Cannot filter items as 'fn' must be a function that returns a boolean: current value is 1",
    );
  });
});

describe("flatMap", () => {
  it.each([5, undefined, "abc"])("refuses %o as rows", async (rows) => {
    const { error } = await readAll(streamOf(pipe([1], flatMap(() => rows as never))));
    expect(String(error)).toMatch(
      /Cannot map items as 'fn' must be a function that returns an iterable, and no string: /,
    );
  });
});
