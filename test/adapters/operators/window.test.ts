import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chunks } from "../../../src/index.ts";
import { type Operator, pipe, streamOf, window } from "../../../src/adapters/operators.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reads a fed stream through an operator, and notes what comes. */
function read<O>(operator: Operator<number, O>) {
  const fed = new FedStream<number[]>();
  const reader = streamOf(pipe(chunks(fed.stream), operator)).getReader();
  const given: O[] = [];
  const end = outcomeOf((async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      given.push(value);
    }
  })());
  return { fed, given, end, reader };
}

describe("window", () => {
  it("gives a window when the time of its first item is up", async () => {
    const { fed, given } = read(window({ every: 100 }));
    fed.give([1]);
    await settle(60);
    fed.give([2, 3]);
    await settle(39);
    expect(given).toEqual([]);
    await settle(1);
    expect(given).toEqual([[1, 2, 3]]);
    await settle(500); // None is empty.
    fed.give([4]);
    await settle(99);
    fed.give([5]);
    await settle(1);
    expect(given).toEqual([[1, 2, 3], [4, 5]]);
  });

  it("begins the time of a window with its own first item", async () => {
    const { fed, given } = read(window({ size: 2, every: 100 }));
    fed.give([1]);
    await settle(60);
    fed.give([2, 3]);
    await settle(60);
    expect(given).toEqual([[1, 2]]);
    await settle(40);
    expect(given).toEqual([[1, 2], [3]]);
  });

  it.each([
    ["close", (fed: FedStream<number[]>) => fed.close(), [[1, 2]], "fulfilled"],
    ["fail", (fed: FedStream<number[]>) => fed.fail("source"), [[1, 2]], "rejected"],
  ])("gives what was gathered where its source does %s", async (_, act, expected, state) => {
    const { fed, given, end } = read(window({ every: 100 }));
    fed.give([1, 2]);
    await settle();
    act(fed);
    await settle();
    expect([given, end.state, vi.getTimerCount()]).toEqual([expected, state, 0]);
  });

  it("leaves no timer when it is cancelled", async () => {
    const { fed, given, end, reader } = read(window({ every: 100 }));
    fed.give([1, 2]);
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    void reader.cancel("enough");
    await settle();
    expect([given, end.state, fed.cancelled, vi.getTimerCount()])
      .toEqual([[], "fulfilled", ["enough"], 0]);
  });

  it.each([
    [{}, "'size' must be given if 'every' is not: current value is undefined"],
    [{ size: 0 }, "'size' must be a positive integer: current value is 0"],
    [{ every: Infinity }, "'every' must be a finite number above 0: current value is Infinity"],
  ])("refuses %o", (options, words) => {
    expect(() => window(options)).toThrow(`Cannot construct window as ${words}`);
  });
});
