import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LONGEST_TIMER, setTimer } from "../../src/runtime/timer.ts";

describe("setTimer()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.restoreAllMocks(); // First, or it would give back the faked timer.
    vi.useRealTimers();
  });

  it.each([0, 1, 5000, LONGEST_TIMER, LONGEST_TIMER + 1, 2 ** 31, 3 * LONGEST_TIMER + 7])(
    "calls once after %i ms, and not before",
    (delay) => {
      const run = vi.fn();
      setTimer(delay, run);
      expect(run).not.toHaveBeenCalled(); // Not even with no delay: never within the call.
      vi.advanceTimersByTime(Math.max(delay - 1, 0));
      expect(run).toHaveBeenCalledTimes(delay === 0 ? 1 : 0);
      vi.advanceTimersByTime(1);
      expect(run).toHaveBeenCalledTimes(1);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("never passes the platform a delay that it would treat as 0", () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const stop = setTimer(Number.MAX_SAFE_INTEGER, () => {});
    vi.advanceTimersByTime(2 * LONGEST_TIMER);
    expect(timers.mock.calls.map(([, delay]) => delay)).toEqual(Array(3).fill(2 ** 31 - 1));
    stop();
  });

  it("sets no timer for Infinity", () => {
    const stop = setTimer(Infinity, () => {});
    expect(vi.getTimerCount()).toBe(0);
    stop();
  });

  it.each([10, 2 ** 32])("can be cancelled at any time before %i ms", (delay) => {
    const run = vi.fn();
    setTimer(delay, run)();
    const stop = setTimer(delay, run);
    vi.advanceTimersByTime(delay - 1);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(delay);
    expect(run).not.toHaveBeenCalled();
  });

  it("may be cancelled when it is over", () => {
    const run = vi.fn();
    const stop = setTimer(1, run);
    vi.advanceTimersByTime(1);
    stop();
    stop();
    expect(run).toHaveBeenCalledTimes(1);
  });
});
