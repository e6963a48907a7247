import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimiter } from "../../../src/streams/rate-limiter.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { userAgent: "no Worker" }); // There, waiters are on their own.
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Lets the clock of the platform say something else than the timers. */
function ownClock(): { now: number } {
  const clock = { now: performance.now() };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

describe("RateLimiter: the timer", () => {
  // So added and subtracted, 1,000 becomes 999.9999999999999 or 1,000.0000000000001.
  it.each([24.07, 24.13])("is not misled by rounding errors at %d", (now) => {
    const clock = ownClock();
    clock.now = now;
    const timers = vi.spyOn(globalThis, "setTimeout");
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    limiter.tryAcquire();
    limiter.acquire();
    expect(timers.mock.calls.map(([, delay]) => delay)).toEqual([1_000]);
  });

  it("is set for the last caller of those that count as one", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const limiter = new RateLimiter({ limit: 1_001, interval: 100_000 });
    limiter.tryAcquire(1_000);
    vi.advanceTimersByTime(50);
    limiter.tryAcquire(1);
    const next = outcomeOf(limiter.acquire());
    await settle(100_000);
    expect(next.state).toBe("fulfilled");
    expect(timers.mock.calls.map(([, delay]) => delay)).toEqual([100_000]);
  });
});

describe("RateLimiter with a limit above 1,000", () => {
  it("counts callers within a thousandth of the interval as gone with the last of them", () => {
    const clock = ownClock();
    const begin = clock.now;
    const limiter = new RateLimiter({ limit: 1_001, interval: 1_000 });
    for (const time of [0, 0.25, 0.5, 0.75]) {
      clock.now = begin + time;
      expect(limiter.tryAcquire(250)).toBe(true);
    }
    clock.now = begin + 1;
    expect(limiter.tryAcquire(1)).toBe(true); // A thousandth after the first: on its own.
    clock.now = begin + 1_000.5;
    expect(limiter.tryAcquire(1)).toBe(false);
    clock.now = begin + 1_000.75;
    expect(limiter.tryAcquire(1_000)).toBe(true);
    expect(limiter.tryAcquire(1)).toBe(false);
    clock.now = begin + 1_001;
    expect(limiter.tryAcquire(1)).toBe(true);
    expect(limiter.tryAcquire(1)).toBe(false);
  });

  it("is exact for limits up to 1,000", () => {
    const clock = ownClock();
    const begin = clock.now;
    const limiter = new RateLimiter({ limit: 1_000, interval: 1_000 });
    for (const time of [0, 0.25, 0.5, 0.75]) {
      clock.now = begin + time;
      expect(limiter.tryAcquire(250)).toBe(true);
    }
    for (const time of [1_000, 1_000.25, 1_000.5, 1_000.75]) {
      clock.now = begin + time;
      expect(limiter.tryAcquire(251)).toBe(false);
      expect(limiter.tryAcquire(250)).toBe(true);
    }
  });

  it.each([
    [1e9, 0.125, 2_500], // Eight to a record.
    [1e9, 0, 1],
    [1_000, 0, 1],
    [1_000, 2.5, 20_000], // There are 400 at a time.
  ])("keeps few records: a limit of %i, an item every %d ms", (limit, time, count) => {
    const clock = ownClock();
    const push = vi.spyOn(Array.prototype, "push");
    const limiter = new RateLimiter({ limit, interval: 1_000 });
    for (let item = 0; item < 20_000; item++) {
      clock.now += time;
      limiter.tryAcquire();
    }
    const records = push.mock.calls.filter(([record]) => Object.hasOwn(Object(record), "last"));
    push.mockRestore();
    expect(records).toHaveLength(count);
  });
});
