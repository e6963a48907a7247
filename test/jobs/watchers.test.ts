import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Watchers } from "../../src/jobs/watchers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Watchers", () => {
  /** Tells, after what is under way, who has woken. */
  async function wokenBy(act: (watchers: Watchers) => unknown, untilNext = () => 1000) {
    const watchers = new Watchers();
    const woken: string[] = [];
    for (const interest of ["partitions", "progress"] as const) {
      const watch = watchers.watch(interest, untilNext);
      void watch.changed(undefined).then(() => woken.push(interest));
    }
    await vi.advanceTimersByTimeAsync(0);
    await act(watchers);
    await vi.advanceTimersByTimeAsync(0);
    return woken;
  }

  it("wakes all who wait, or those alone who watch how far the job is", async () => {
    expect(await wokenBy((watchers) => watchers.wake(false))).toEqual(["partitions", "progress"]);
    expect(await wokenBy((watchers) => watchers.wake(true))).toEqual(["progress"]);
  });

  it("wakes them when the next lease is over", async () => {
    expect(await wokenBy(() => vi.advanceTimersByTimeAsync(999))).toEqual([]);
    expect(await wokenBy(() => vi.advanceTimersByTimeAsync(1000))).toHaveLength(2);
  });

  it("keeps a change that came before it was waited for, and nothing of it after", async () => {
    const watchers = new Watchers();
    const watch = watchers.watch("progress", () => Infinity);
    watchers.wake(true);
    await watch.changed(undefined);
    let isWoken = false;
    void watch.changed(undefined).then(() => void (isWoken = true));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(isWoken).toBe(false);
    watch.close();
    watchers.wake(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(isWoken).toBe(false);
  });

  it("ends a wait whose signal aborts", async () => {
    const stop = new AbortController();
    const waiting = new Watchers().watch("progress", () => Infinity).changed(stop.signal);
    stop.abort();
    await waiting;
  });

  it("passes on that the next lease cannot be found out", async () => {
    const watch = new Watchers().watch("progress", () => Promise.reject(new Error("down")));
    await expect(watch.changed(undefined)).rejects.toThrow("down");
  });
});
