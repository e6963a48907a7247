import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunEvent, RunOptions, StageName } from "../../src/index.ts";
import { StallWatch } from "../../src/run/stall-watch.ts";
import { untilAborted, wait } from "../support/run/time.ts";
import { record, type Recorded } from "../support/run/recorded-events.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When the run was told to be stalled, and where. */
function stalls({ events }: Recorded): [stage: StageName, time: number, duration: number][] {
  return events.filter((event): event is RunEvent & { type: "run:stall" } =>
    event.type === "run:stall"
  )
    .map(({ stage, time, duration }) => [stage, time, duration]);
}

const stallTimeout = 1000;
const never = () => new Promise<never>(() => {});

describe("stallTimeout", () => {
  it("reports nothing while the run makes progress", async () => {
    const recorded = record({ extract: () => [1, 2, 3, 4, 5], load: () => wait(900) }, {
      stallTimeout,
    });
    await vi.advanceTimersByTimeAsync(5000);
    await recorded.run.finished;
    expect(stalls(recorded)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  const stuck: [string, StageName, Parameters<typeof record>[0], RunOptions<number>?][] = [
    ["preProcess", "extract", { preProcess: never, extract: () => [1], load: () => {} }],
    ["extract", "extract", { extract: never, load: () => {} }],
    ["source", "extract", { extract: () => new ReadableStream<number>(), load: () => {} }],
    ["transform", "transform", { extract: () => [1, 2, 3], transform: never, load: () => {} }],
    ["transformBatch", "transform", { extract: () => [1], transformBatch: never, load: () => {} }],
    ["load", "load", { extract: () => [1, 2, 3, 4, 5], load: never }],
    [
      "load, after a transform that goes on for a while",
      "load",
      { extract: () => [1, 2, 3, 4, 5, 6], transform: (n) => wait(50).then(() => n), load: never },
    ],
    ["load of one worker", "load", {
      extract: () => [1, 2, 3],
      load: ([n]) => n === 1 ? never() : undefined,
    }, { workers: 2 }],
  ];
  it.each(stuck)(
    "reports once which stage stands still: %s",
    async (_, stage, pipeline, options) => {
      const recorded = record(pipeline, { stallTimeout, abortTimeout: 10, ...options });
      await vi.advanceTimersByTimeAsync(999);
      expect(stalls(recorded)).toEqual([]);
      await vi.advanceTimersByTimeAsync(20_000);
      const [[told, time, duration] = [], ...others] = stalls(recorded);
      expect([told, duration, others]).toEqual([stage, stallTimeout, []]);
      expect(time).toBeLessThanOrEqual(1500);
      recorded.run.abort();
      await vi.advanceTimersByTimeAsync(100);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("reports another stall after the run has made progress", async () => {
    const recorded = record({
      extract: () => [1, 2, 3],
      load: ([n]) => wait(n === 2 ? 100 : 5000),
    }, { stallTimeout });
    await vi.advanceTimersByTimeAsync(20_000);
    const told = stalls(recorded);
    expect(told.map(([stage]) => stage)).toEqual(["load", "load"]);
    expect(told[0]![1]).toBeLessThanOrEqual(1500);
    // It moved at 5000 ms and at 5100 ms.
    expect(told[1]![1]).toBeGreaterThanOrEqual(6100);
    expect(told[1]![1]).toBeLessThanOrEqual(6600);
  });

  it("counts the items of a large batch as progress", async () => {
    const recorded = record({
      extract: () => Array.from({ length: 100 }, (_, index) => index),
      transform: (n) => wait(300).then(() => n),
      load: () => {},
    }, { stallTimeout, batchSize: 100, concurrency: 2 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await recorded.run.finished).toMatchObject({ loaded: 100, duration: 15_000 });
    expect(stalls(recorded)).toEqual([]);
  });

  it("sets no timer for Infinity", async () => {
    const { run } = record({ extract: never, load: () => {} }, { abortTimeout: 10 });
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(0);
    run.abort();
    await vi.advanceTimersByTimeAsync(10);
  });

  const ends: Record<string, (recorded: Recorded) => unknown> = {
    completes: () => {},
    drains: ({ run }) => run.drain(),
    aborts: ({ run }) => run.abort(),
  };
  it.each(Object.entries(ends))("leaves no timer when the run %s", async (_, end) => {
    const recorded = record({
      extract: () => [1, 2, 3],
      load: (_, { signal }) => Promise.race([wait(10), untilAborted(signal)]),
    }, { stallTimeout });
    await vi.advanceTimersByTimeAsync(5);
    end(recorded);
    await vi.advanceTimersByTimeAsync(50);
    await recorded.run.finished.catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
    expect(stalls(recorded)).toEqual([]);
  });

  it.each(["preProcess", "extract", "transform", "load", "postProcess", "finalize"] as const)(
    "leaves no timer when %s fails",
    async (member) => {
      const recorded = record({
        extract: () => [1],
        load: () => {},
        [member]: () => Promise.reject(new Error("no")),
      }, { stallTimeout });
      await vi.advanceTimersByTimeAsync(5);
      await expect(recorded.run.finished).rejects.toMatchObject({ code: "PIPELINE" });
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("leaves no timer when a signal ends the run, or prevents it", async () => {
    const stop = new AbortController();
    const source = () => new ReadableStream<number>();
    const options = { stallTimeout, signal: stop.signal };
    const first = record({ extract: source, load: () => {} }, options);
    await vi.advanceTimersByTimeAsync(5);
    stop.abort();
    const second = record({ extract: source, load: () => {} }, options);
    await vi.advanceTimersByTimeAsync(5);
    for (const { run } of [first, second]) {
      await expect(run.finished).rejects.toMatchObject({ code: "CANCELLED" });
    }
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("StallWatch", () => {
  it("reports between one and one and a half times the timeout after the last progress", () => {
    for (const last of [0, 1, 499, 500, 501, 999]) {
      const movement = { moves: 0 };
      const told: number[] = [];
      const begin = performance.now();
      const watch = new StallWatch(1000, movement, () => void told.push(performance.now() - begin));
      vi.advanceTimersByTime(last);
      movement.moves++;
      vi.advanceTimersByTime(10_000);
      watch.stop();
      expect(told).toHaveLength(1);
      expect(told[0]! - last).toBeGreaterThanOrEqual(1000);
      expect(told[0]! - last).toBeLessThanOrEqual(1500);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may be ended by its own callback", () => {
    const told: number[] = [];
    const watch = new StallWatch(1000, { moves: 0 }, (duration) => {
      watch.stop();
      told.push(duration);
    });
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([1000]);
    expect(vi.getTimerCount()).toBe(0);
    watch.stop(); // Once more does no harm.
  });
});
