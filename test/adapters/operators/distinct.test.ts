import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { chunks } from "../../../src/index.ts";
import { distinct, pipe, streamOf } from "../../../src/adapters/operators.ts";
import { settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("knows the keys that were met last, so many of them", async () => {
  const items = [1, 2, 1, 3, 1, 2, NaN, NaN];
  expect(await readAll(streamOf(pipe(items, distinct({ max: 2 })))))
    .toEqual({ chunks: [1, 2, 3, 1, 2, NaN] });
  expect(await readAll(streamOf(pipe(items, distinct({ max: Infinity })))))
    .toEqual({ chunks: [1, 2, 3, NaN] });
});

it("forgets a key when its time is up", async () => {
  const fed = new FedStream<string[]>();
  const all = readAll(streamOf(pipe(chunks(fed.stream), distinct({ ttl: 100 }))));
  for (const items of [["a", "b"], ["a"], ["a", "c"], ["b", "c"]]) {
    fed.give(items);
    await settle(60);
  }
  fed.close();
  await settle();
  expect(await all).toEqual({ chunks: ["a", "b", "a", "c", "b"] });
});

it.each([
  [{}, "'max' must be given if 'ttl' is not (Infinity means no limit): current value is undefined"],
  [{ max: 0 }, "'max' must be a positive integer or Infinity: current value is 0"],
  [{ ttl: 0 }, "'ttl' must be a number above 0: current value is 0"],
  [{ by: "id", max: 1 }, "'by' must be a function: current value is \"id\""],
])("refuses %o", (options, words) => {
  expect(() => distinct(options as never)).toThrow(`Cannot construct distinct as ${words}`);
});

it("refuses a promise as a key", async () => {
  const { error } = await readAll(streamOf(pipe([1], distinct({ by: async () => 1, max: 1 }))));
  expect(String(error)).toContain(
    "Cannot tell items apart as 'by' must be a function that returns no promise: current value is ",
  );
});
