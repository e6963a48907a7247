import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chunks } from "../../../src/index.ts";
import { lookup, pipe, streamOf } from "../../../src/adapters/operators.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";
import { FedStream, readAll } from "../../support/streams/streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A `load` that notes its calls, and finds nothing for keys that can be divided by 10. */
function loading() {
  const calls: number[][] = [];
  const load = (keys: number[]) => {
    calls.push(keys);
    return new Map(keys.filter((key) => key % 10 > 0).map((key) => [key, `${key}`]));
  };
  return { calls, load };
}

const key = (n: number) => n;

describe("lookup", () => {
  it("loads each key once, in full calls, over as many arrays as it takes", async () => {
    const { calls, load } = loading();
    const items = Array.from({ length: 20_000 }, (_, n) => n % 1_000);
    const piped = pipe(items, lookup({ key, load, batchSize: 50 }));
    const { chunks: pairs } = await readAll(streamOf(piped));
    expect(pairs).toEqual(items.map((n) => [n, n % 10 ? `${n}` : undefined]));
    expect(calls.length).toBe(1_000 / 50);
  });

  it("drops the key that was not asked for the longest", async () => {
    const { calls, load } = loading();
    const items = [1, 2, 1, 3, 1, 2];
    await readAll(streamOf(pipe(items, lookup({ key, load, batchSize: 1, cache: 2 }))));
    expect(calls).toEqual([[1], [2], [3], [2]]);
  });

  it("loads what there is when the time of its first key is up, when many wait, and at the end", async () => {
    const { calls, load } = loading();
    const fed = new FedStream<number[]>();
    const operator = lookup({ key, load, timeout: 100, maxWaiting: 4 });
    const all = outcomeOf(readAll(streamOf(pipe(chunks(fed.stream), operator))));
    fed.give([1, 2]);
    await settle(99);
    expect(calls).toEqual([]);
    await settle(1);
    expect(calls).toEqual([[1, 2]]);
    fed.give([3, 1, 2, 1, 4]);
    await settle();
    expect(calls).toEqual([[1, 2], [3]]);
    fed.close();
    await settle();
    expect(calls).toEqual([[1, 2], [3], [4]]);
    expect(vi.getTimerCount()).toBe(0);
    expect((all.value as { chunks: unknown[] }).chunks.length).toBe(7);
  });

  it("gives what comes before the first item without a value, then what load failed with", async () => {
    const error = new Error("down");
    const load = (keys: number[]) =>
      keys.includes(3) ? Promise.reject(error) : [[keys[0]!, "x"]] as const;
    const fed = new FedStream<number[]>();
    const piped = pipe(chunks(fed.stream), lookup({ key, load, batchSize: 1 }));
    const all = readAll(streamOf(piped));
    fed.give([1, 1, 3, 4]);
    expect(await all).toEqual({ chunks: [[1, "x"], [1, "x"]], error });
    expect(fed.cancelled).toEqual([error]);
  });

  it("aborts a call when it is cancelled, and settles after it", async () => {
    let end = () => {};
    let signal: AbortSignal | undefined;
    const load = (_: number[], context: { signal: AbortSignal }) => {
      signal = context.signal;
      return new Promise<[number, string][]>((resolve) => void (end = () => resolve([])));
    };
    const reader = streamOf(pipe([1], lookup({ key, load }))).getReader();
    void reader.read();
    await settle();
    const cancelled = outcomeOf(reader.cancel("enough"));
    await settle();
    expect([signal?.reason, cancelled.state]).toEqual(["enough", "pending"]);
    end();
    await settle();
    expect(cancelled.state).toBe("fulfilled");
  });

  it.each([
    [{ key }, "'load' must be a function: current value is undefined"],
    [{ key, load: () => [], cache: 0 }, "'cache' must be a positive integer: current value is 0"],
  ])("refuses %o", (options, words) => {
    expect(() => lookup(options as never)).toThrow(`Cannot construct lookup as ${words}`);
  });

  it("refuses what holds no pairs", async () => {
    const { error } = await readAll(streamOf(pipe([1], lookup({ key, load: () => 5 as never }))));
    expect(String(error)).toContain(
      "Cannot look items up as 'load' must be a function that returns a Map, or pairs of key and " +
        "value: current value is 5",
    );
  });
});
