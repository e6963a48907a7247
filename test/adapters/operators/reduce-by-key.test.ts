import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { chunks } from "../../../src/index.ts";
import { pipe, reduceByKey, streamOf } from "../../../src/adapters/operators.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const counts = { by: (n: number) => n % 3, init: () => 0, add: (count: number) => count + 1 };

it("gives all keys before one more is held than may be, and at the end", async () => {
  const given = await readAll(streamOf(pipe([1, 2, 1, 3, 2], reduceByKey({ ...counts, max: 2 }))));
  expect(given).toEqual({ chunks: [[1, 2], [2, 1], [0, 1], [2, 1]] });
});

it("gives all keys when the time of the first item is up", async () => {
  const fed = new FedStream<number[]>();
  const operator = reduceByKey({ ...counts, max: Infinity, flushEvery: 100 });
  const reader = streamOf(pipe(chunks(fed.stream), operator)).getReader();
  const read = outcomeOf(reader.read());
  fed.give([1, 2, 1]);
  await settle(99);
  expect(read.state).toBe("pending");
  await settle(1);
  expect(read.value).toEqual({ done: false, value: [1, 2] });
  void reader.cancel();
  await settle();
  expect(vi.getTimerCount()).toBe(0);
});

it("gives what was made of the items before one that a function fails for", async () => {
  const error = new Error("three");
  const add = (count: number, n: number) => {
    if (n === 3) throw error;
    return count + 1;
  };
  for (const timed of [{}, { flushEvery: 100 }]) {
    const operator = reduceByKey({ ...counts, add, max: 10, ...timed });
    expect(await readAll(streamOf(pipe([1, 1, 3], operator)))).toEqual({ chunks: [[1, 2]], error });
  }
});

it.each([
  [{ ...counts }, "'max' must be a positive integer or Infinity: current value is undefined"],
  [{ ...counts, init: 0, max: 1 }, "'init' must be a function: current value is 0"],
  [{ ...counts, max: 1, flushEvery: 0 }, "'flushEvery' must be a finite number above 0: "],
])("refuses %o", (options, words) => {
  expect(() => reduceByKey(options as never)).toThrow(`Cannot construct reduceByKey as ${words}`);
});
