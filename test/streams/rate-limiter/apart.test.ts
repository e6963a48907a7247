import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimiter } from "../../../src/streams/rate-limiter.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { outcomeOf, pass, settle } from "../../support/outcomes/outcome.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Waits of a request that is gone: none of its timers fires. */
function gone(limiter: RateLimiter, count: number): void {
  const timers = vi.spyOn(globalThis, "setTimeout").mockReturnValue(0 as never);
  for (let wait = 0; wait < count; wait++) outcomeOf(limiter.acquire());
  timers.mockRestore();
}

describe("RateLimiter shared by requests of a Worker", () => {
  it("lets each request wait by its own timer, first come, first served", async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 100 });
    const turns: number[] = [];
    for (let wait = 0; wait < 6; wait++) limiter.acquire().then(() => turns.push(wait));
    await settle();
    expect(turns).toEqual([0, 1]);
    expect(vi.getTimerCount()).toBe(4);
    await settle(100);
    expect(turns).toEqual([0, 1, 2, 3]);
    expect(vi.getTimerCount()).toBe(2);
    await settle(100);
    expect(turns).toEqual([0, 1, 2, 3, 4, 5]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([1, 3, 200])("is not blocked by %i waits of a request that is gone", async (count) => {
    const limiter = new RateLimiter({ limit: 1, interval: 100 });
    limiter.tryAcquire();
    gone(limiter, count);
    const next = outcomeOf(limiter.acquire());
    const after = outcomeOf(limiter.acquire());
    expect(limiter.tryAcquire()).toBe(false);
    await pass(1_200, 10);
    expect([next.state, after.state]).toEqual(["fulfilled", "fulfilled"]);
    await settle(100);
    expect(limiter.tryAcquire()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not blocked if only a request that is gone waits", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 100 });
    limiter.tryAcquire();
    gone(limiter, 5);
    await pass(1_000);
    expect(limiter.tryAcquire()).toBe(true);
  });

  it("is not blocked by a long wait of a request that is gone", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 80_000 });
    limiter.tryAcquire();
    gone(limiter, 1);
    const next = outcomeOf(limiter.acquire());
    await pass(79_500, 500);
    expect(next.state).toBe("pending");
    await pass(500, 500);
    expect(next.state).toBe("fulfilled");
  });

  it("serves a late request that was taken for gone", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 100 });
    const clock = vi.spyOn(performance, "now");
    limiter.tryAcquire();
    const late = outcomeOf(limiter.acquire());
    clock.mockReturnValue(performance.now() + 1_000);
    const first = outcomeOf(limiter.acquire());
    await settle();
    expect([late.state, first.state]).toEqual(["pending", "fulfilled"]);
    clock.mockRestore();
    vi.advanceTimersByTime(900);
    await settle(1_200);
    expect(late.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets the next request pass soon after another was given up", async () => {
    const limiter = new RateLimiter({ limit: 5, interval: 10_000 });
    const user = new CountedSignal();
    limiter.tryAcquire(3);
    const large = outcomeOf(limiter.acquire(3, { signal: user.signal }));
    const small = outcomeOf(limiter.acquire(2));
    user.abort("enough");
    await pass(2_500);
    expect(large).toEqual({ state: "rejected", value: "enough" });
    expect(small.state).toBe("fulfilled");
    expect(user.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
