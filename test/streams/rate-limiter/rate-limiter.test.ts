import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimiter } from "../../../src/streams/rate-limiter.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
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

/** How many single items the limiter lets through now. */
function burst(limiter: RateLimiter): number {
  let count = 0;
  while (limiter.tryAcquire()) count++;
  return count;
}

/** Lets the clock of the platform say something else than the timers. */
function ownClock(): { now: number } {
  const clock = { now: performance.now() };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

describe("RateLimiter", () => {
  it("exposes its limit and its interval", () => {
    expect(new RateLimiter({ limit: 3, interval: 1_000 })).toMatchObject({
      limit: 3,
      interval: 1_000,
    });
  });

  it("lets the limit pass at once, and the rest exactly one interval later", () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    expect(burst(limiter)).toBe(3);
    vi.advanceTimersByTime(999);
    expect(burst(limiter)).toBe(0);
    vi.advanceTimersByTime(1);
    expect(burst(limiter)).toBe(3);
  });

  it("lets no more pass after an idle time", () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    vi.advanceTimersByTime(1_000_000);
    expect(burst(limiter)).toBe(3);
    vi.advanceTimersByTime(1_000_000);
    expect(burst(limiter)).toBe(3);
    vi.advanceTimersByTime(999);
    expect(burst(limiter)).toBe(0);
  });

  it("uses a sliding interval", () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    limiter.tryAcquire();
    vi.advanceTimersByTime(900);
    expect(burst(limiter)).toBe(2);
    vi.advanceTimersByTime(100);
    expect(burst(limiter)).toBe(1);
    vi.advanceTimersByTime(899);
    expect(burst(limiter)).toBe(0);
    vi.advanceTimersByTime(1);
    expect(burst(limiter)).toBe(2);
  });

  it("takes all of a count or nothing", () => {
    const limiter = new RateLimiter({ limit: 5, interval: 1_000 });
    expect(limiter.tryAcquire(3)).toBe(true);
    expect(limiter.tryAcquire(3)).toBe(false);
    expect(limiter.tryAcquire(2)).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(limiter.tryAcquire(5)).toBe(true);
  });

  it("lets waiting callers pass as soon as there is room, first come, first served", async () => {
    const limiter = new RateLimiter({ limit: 4, interval: 1_000 });
    const first = outcomeOf(limiter.acquire(3));
    const large = outcomeOf(limiter.acquire(4));
    const small = outcomeOf(limiter.acquire());
    await settle();
    expect([first, large, small].map(({ state }) => state)).toEqual([
      "fulfilled",
      "pending",
      "pending",
    ]);
    expect(limiter.tryAcquire()).toBe(false); // There is room for one, but others wait.
    await settle(999);
    expect(large.state).toBe("pending");
    await settle(1);
    expect([large, small].map(({ state }) => state)).toEqual(["fulfilled", "pending"]);
    await settle(999);
    expect(small.state).toBe("pending");
    await settle(1);
    expect(small.state).toBe("fulfilled");
    expect(burst(limiter)).toBe(3);
  });

  it("waits for as many intervals as needed", async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    for (let time = 0; time < 3; time++) {
      limiter.tryAcquire();
      await settle(100);
    }
    const all = outcomeOf(limiter.acquire(3));
    await settle(899); // The last of the three went at 200.
    expect(all.state).toBe("pending");
    await settle(1);
    expect(all.state).toBe("fulfilled");
  });

  it("resolves callers in order although they come at the same moment", async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    const user = new CountedSignal();
    const turns: string[] = [];
    limiter.tryAcquire();
    const refused = outcomeOf(limiter.acquire(3, { signal: user.signal }));
    limiter.acquire().then(() => turns.push("waited"));
    user.abort("enough");
    limiter.acquire().then(() => turns.push("came"));
    await settle();
    expect(refused).toEqual({ state: "rejected", value: "enough" });
    expect(turns).toEqual(["waited", "came"]);
  });

  it("has one timer while a caller waits, and none otherwise", async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1_000 });
    const timers = vi.spyOn(globalThis, "setTimeout");
    const waits = Array.from({ length: 7 }, () => outcomeOf(limiter.acquire()));
    for (const fulfilled of [2, 4, 6]) {
      await settle();
      expect(waits.filter(({ state }) => state === "fulfilled")).toHaveLength(fulfilled);
      expect(vi.getTimerCount()).toBe(1);
      await settle(1_000);
    }
    expect(waits.map(({ state }) => state)).toEqual(Array(7).fill("fulfilled"));
    expect(vi.getTimerCount()).toBe(0);
    expect(timers.mock.calls.map(([, delay]) => delay)).toEqual([1_000, 1_000, 1_000]);
    limiter.pause(5_000);
    limiter.tryAcquire();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0.25, 0.75, 400])("reads the clock when a timer fires %d ms early", async (early) => {
    const clock = ownClock();
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    limiter.tryAcquire();
    const next = outcomeOf(limiter.acquire());
    clock.now += 1_000 - early;
    await settle(1_000);
    expect(next.state).toBe("pending");
    expect(vi.getTimerCount()).toBe(1);
    clock.now += early;
    await settle(Math.ceil(early));
    expect(next.state).toBe("fulfilled");
  });

  it("neither hangs nor hurries if the clock stands still", async () => {
    const clock = ownClock();
    const limiter = new RateLimiter({ limit: 2, interval: 3 });
    const waits = Array.from({ length: 3 }, () => outcomeOf(limiter.acquire()));
    for (let time = 0; time < 10; time++) await settle(3);
    expect(waits.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled", "pending"]);
    clock.now += 3;
    await settle(3);
    expect(waits[2]!.state).toBe("fulfilled");
  });

  it.each([Number.MIN_VALUE, 1e-9, 0.25])("respects an interval of %d ms", async (interval) => {
    vi.advanceTimersByTime(1_000);
    const limiter = new RateLimiter({ limit: 2, interval });
    expect(burst(limiter)).toBe(2);
    const next = outcomeOf(limiter.acquire());
    await settle();
    expect(next.state).toBe("pending");
    await settle(1);
    expect(next.state).toBe("fulfilled");
  });

  it("respects an interval that is too long for one timer", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const limiter = new RateLimiter({ limit: 1, interval: 2 ** 32 });
    limiter.tryAcquire();
    const next = outcomeOf(limiter.acquire());
    await settle(2 ** 32 - 1);
    expect(next.state).toBe("pending");
    await settle(1);
    expect(next.state).toBe("fulfilled");
    expect(Math.max(...timers.mock.calls.map(([, delay]) => delay!))).toBe(2 ** 31 - 1);
  });
});

describe("RateLimiter.pause()", () => {
  it("lets nothing pass before its end", async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1_000 });
    limiter.pause(3_000);
    expect(limiter.tryAcquire()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    const next = outcomeOf(limiter.acquire());
    await settle(2_999);
    expect(next.state).toBe("pending");
    await settle(1);
    expect(next.state).toBe("fulfilled");
    expect(burst(limiter)).toBe(1);
  });

  it.each([[[5_000, 1_000]], [[1_000, 5_000]], [[0, 5_000, 0]]])(
    "ends with the last of %j",
    async (pauses) => {
      const limiter = new RateLimiter({ limit: 1, interval: 10 });
      for (const pause of pauses) limiter.pause(pause);
      const next = outcomeOf(limiter.acquire());
      await settle(4_999);
      expect(next.state).toBe("pending");
      await settle(1);
      expect(next.state).toBe("fulfilled");
    },
  );

  it.each([[2_500, 2_500], [500, 1_000]])(
    "of %i ms delays waiting callers to %i ms",
    async (pause, time) => {
      const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
      limiter.tryAcquire();
      const next = outcomeOf(limiter.acquire());
      limiter.pause(pause);
      await settle(time - 1);
      expect(next.state).toBe("pending");
      expect(vi.getTimerCount()).toBe(1);
      await settle(1);
      expect(next.state).toBe("fulfilled");
    },
  );

  it("may be longer than one timer", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1 });
    limiter.pause(2 ** 31 + 5, { maxRetryAfter: Infinity });
    const next = outcomeOf(limiter.acquire());
    await settle(2 ** 31 + 4);
    expect(next.state).toBe("pending");
    await settle(1);
    expect(next.state).toBe("fulfilled");
  });
});
