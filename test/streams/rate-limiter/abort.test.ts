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
  vi.useRealTimers();
});

const reason = new Error("enough");
const refused = { state: "rejected", value: reason };

describe("RateLimiter.acquire() with a signal", () => {
  it("rejects with its reason while it waits, and leaves no timer", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    const user = new CountedSignal();
    limiter.tryAcquire();
    const wait = outcomeOf(limiter.acquire(1, { signal: user.signal }));
    expect(user.listeners).toBe(1);
    expect(vi.getTimerCount()).toBe(1);
    user.abort(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(user.listeners).toBe(0);
    await settle();
    expect(wait).toEqual(refused);
    await settle(1_000);
    expect(limiter.tryAcquire()).toBe(true); // It has taken nothing.
  });

  it("leaves no listener when it resolves", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    const user = new CountedSignal();
    const waits = [1, 2].map(() => outcomeOf(limiter.acquire(1, { signal: user.signal })));
    expect(user.listeners).toBe(1);
    await settle(1_000);
    expect(user.listeners).toBe(0);
    user.abort(reason);
    await settle();
    expect(waits.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled"]);
  });

  it("rejects at once if it has aborted, although there is room", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    const user = new CountedSignal();
    user.abort(reason);
    const wait = outcomeOf(limiter.acquire(1, { signal: user.signal }));
    await settle();
    expect(wait).toEqual(refused);
    expect(user.added).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(limiter.tryAcquire()).toBe(true);
  });

  it("rejects at once if it has aborted, behind others who continue to wait", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    limiter.tryAcquire();
    const first = outcomeOf(limiter.acquire());
    const wait = outcomeOf(limiter.acquire(1, { signal: AbortSignal.abort(reason) }));
    await settle(999);
    expect(wait).toEqual(refused);
    expect(first.state).toBe("pending");
    expect(vi.getTimerCount()).toBe(1);
    await settle(1);
    expect(first.state).toBe("fulfilled");
  });

  it("lets the next caller pass at once if there is room for that one", async () => {
    const limiter = new RateLimiter({ limit: 5, interval: 1_000 });
    const user = new CountedSignal();
    limiter.tryAcquire(3);
    const large = outcomeOf(limiter.acquire(3, { signal: user.signal }));
    const small = outcomeOf(limiter.acquire(2));
    await settle();
    expect(small.state).toBe("pending");
    user.abort(reason);
    await settle();
    expect(large).toEqual(refused);
    expect(small.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits for the turn of the next caller, which may come earlier", async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1_000 });
    const user = new CountedSignal();
    limiter.pause(500);
    const first = outcomeOf(limiter.acquire(1, { signal: user.signal }));
    const next = outcomeOf(limiter.acquire());
    user.abort(reason);
    expect(vi.getTimerCount()).toBe(1);
    await settle(499);
    expect([first.state, next.state]).toEqual(["rejected", "pending"]);
    await settle(1);
    expect(next.state).toBe("fulfilled");
  });

  it("does not affect callers before it", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    const user = new CountedSignal();
    limiter.tryAcquire();
    const first = outcomeOf(limiter.acquire());
    const second = outcomeOf(limiter.acquire(1, { signal: user.signal }));
    await settle(400);
    user.abort(reason);
    await settle(599);
    expect(second).toEqual(refused);
    expect(first.state).toBe("pending");
    await settle(1);
    expect(first.state).toBe("fulfilled");
  });

  it("rejects all callers of one signal, even if the first makes room for others", async () => {
    const limiter = new RateLimiter({ limit: 5, interval: 1_000 });
    const user = new CountedSignal();
    limiter.tryAcquire(3);
    const waits = [3, 1, 1].map((count) =>
      outcomeOf(limiter.acquire(count, { signal: user.signal }))
    );
    user.abort(reason);
    await settle();
    expect(waits).toEqual([refused, refused, refused]);
    expect(user.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(limiter.tryAcquire(2)).toBe(true);
  });

  it("rejects at its turn if another listener has stopped the abort event", async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1_000 });
    const user = new AbortController();
    user.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
    limiter.tryAcquire();
    const wait = outcomeOf(limiter.acquire(1, { signal: user.signal }));
    user.abort(reason);
    await settle(1_000);
    expect(wait).toEqual(refused);
    expect(limiter.tryAcquire()).toBe(true);
  });
});
