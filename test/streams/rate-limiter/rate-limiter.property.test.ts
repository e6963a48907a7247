import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimiter } from "../../../src/streams/rate-limiter.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { type Outcome, outcomeOf, turns } from "../../support/outcomes/outcome.ts";
import { seeded, stepsOf } from "../../support/streams/schedules.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { userAgent: "no Worker" }); // There, waiters are on their own.
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface Grant {
  readonly at: number;
  readonly count: number;
}

interface Wait {
  readonly count: number;
  readonly user: CountedSignal;
  readonly outcome: Outcome;
}

/** Items that went after `time`. */
function countSince(grants: readonly Grant[], time: number): number {
  let sum = 0;
  for (let index = grants.length - 1; index >= 0 && grants[index]!.at > time; index--) {
    sum += grants[index]!.count;
  }
  return sum;
}

/** Every window that ends with a grant holds at most `limit` items; so then does any window. */
function checkWindows(grants: readonly Grant[], { limit, interval }: RateLimiter): void {
  grants.forEach(({ at }, index) => {
    const sum = countSince(grants.slice(0, index + 1), at - interval);
    expect(sum).toBeLessThanOrEqual(limit);
  });
}

/** A limiter under a random schedule. */
class Trial {
  readonly limiter: RateLimiter;
  readonly grants: Grant[] = [];
  readonly waits: Wait[] = [];
  readonly turns: number[] = []; // The places of those that were let through, in that order.
  resumption = 0;

  constructor(options: { limit: number; interval: number }) {
    this.limiter = new RateLimiter(options);
  }

  get waiting(): Wait[] {
    return this.waits.filter(({ outcome }) => outcome.state === "pending");
  }

  tryAcquire(count: number): void {
    const mustWait = this.waiting.length > 0 || this.mustWait(count);
    expect(this.limiter.tryAcquire(count)).toBe(!mustWait);
    if (!mustWait) this.grants.push({ at: performance.now(), count });
  }

  acquire(count: number): void {
    const place = this.waits.length;
    const user = new CountedSignal();
    const acquired = this.limiter.acquire(count, { signal: user.signal });
    this.waits.push({ count, user, outcome: outcomeOf(acquired) });
    acquired.then(() => {
      this.grants.push({ at: performance.now(), count });
      this.turns.push(place);
    }, () => {});
  }

  async abort(number: number): Promise<void> {
    const { waiting } = this;
    if (waiting.length === 0) return;
    const { user, outcome } = waiting[number % waiting.length]!;
    user.abort(number);
    await turns(5);
    expect(outcome).toEqual({ state: "rejected", value: number });
  }

  pause(delay: number): void {
    this.limiter.pause(delay);
    this.resumption = Math.max(this.resumption, performance.now() + delay);
  }

  /** Lets time pass, a millisecond at a time: a promise is heard of when it settles. */
  async pass(time: number): Promise<void> {
    for (let left = time; left > 0; left--) {
      vi.advanceTimersByTime(1);
      await turns(5);
    }
  }

  /** Whether the promise of the limiter forbids so many items now. */
  mustWait(count: number): boolean {
    const { limit, interval } = this.limiter;
    const now = performance.now();
    return now < this.resumption || countSince(this.grants, now - interval) + count > limit;
  }

  /** What holds at every moment. */
  check(): void {
    const { waiting } = this;
    if (waiting.length > 0) expect(this.mustWait(waiting[0]!.count)).toBe(true);
    expect(vi.getTimerCount()).toBe(waiting.length > 0 ? 1 : 0);
    expect(this.turns).toEqual(this.turns.toSorted((a, b) => a - b));
    for (const { user, outcome } of this.waits) {
      expect(user.listeners).toBe(outcome.state === "pending" ? 1 : 0);
    }
  }
}

const options = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(5_000)),
  interval: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0.25, 7.5)),
});
const steps = stepsOf({ acquire: 8, try: 3, pass: 6, idle: 1, abort: 2, pause: 1 });

describe("RateLimiter under random schedules", () => {
  it("respects the limit in every interval, and serves callers in order", async () => {
    const property = fc.asyncProperty(options, steps, async (options, steps) => {
      const trial = new Trial(options);
      for (const [step, number] of steps) {
        const count = 1 + number % options.limit;
        if (step === "acquire") trial.acquire(count);
        else if (step === "try") trial.tryAcquire(count);
        else if (step === "abort") await trial.abort(number);
        else if (step === "pause") trial.pause(number % 50);
        else await trial.pass(step === "idle" ? 60 : number % 8);
        await turns(5);
        trial.check();
      }
      const longest = 50 + (trial.waiting.length + 1) * Math.ceil(options.interval);
      for (let time = 0; time < longest && trial.waiting.length > 0; time++) {
        await trial.pass(1);
        trial.check();
      }
      expect(trial.waiting).toEqual([]);
      trial.check();
      checkWindows(trial.grants, trial.limiter);
    });
    await fc.assert(property, { ...seeded, numRuns: 600 });
  });

  it("respects a high limit in every interval, and is late by at most a thousandth", () => {
    const step = fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 700 }));
    const steps = fc.array(step, { minLength: 50, maxLength: 200, size: "max" });
    const property = fc.property(steps, (steps) => {
      const clock = { now: 0 };
      vi.spyOn(performance, "now").mockImplementation(() => clock.now);
      const limiter = new RateLimiter({ limit: 1_500, interval: 16 });
      const grants: Grant[] = [];
      for (const [time, count] of steps) {
        clock.now += time < 10 ? time / 512 : time / 4; // A thousandth is 8.2 of these.
        if (limiter.tryAcquire(count)) grants.push({ at: clock.now, count });
        else {
          const sum = countSince(grants, clock.now - limiter.interval * 1.001);
          expect(sum + count).toBeGreaterThan(limiter.limit);
        }
      }
      checkWindows(grants, limiter);
    });
    fc.assert(property, seeded);
  });

  it("lets 10,000 a second pass for 10 seconds, whoever asks as fast as it can", async () => {
    const limiter = new RateLimiter({ limit: 10_000, interval: 1_000 });
    const end = performance.now() + 10_000;
    let count = 0;
    const ask = async () => {
      for (;;) {
        await limiter.acquire();
        if (performance.now() >= end) return;
        count++;
      }
    };
    const asked = outcomeOf(Promise.all([ask(), ask(), ask()]));
    for (let second = 0; second < 10; second++) {
      await turns(12_000);
      expect(count).toBe(10_000 * (second + 1));
      vi.advanceTimersByTime(1_000);
    }
    await turns(100);
    expect(asked.state).toBe("fulfilled");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets 10,000 a second pass for 10 seconds if they come ten by ten", () => {
    const limiter = new RateLimiter({ limit: 10_000, interval: 1_000 });
    let count = 0;
    for (let time = 0; time < 10_000; time++) {
      for (let item = 0; item < 10; item++) count += Number(limiter.tryAcquire());
      if (time >= 999) expect(limiter.tryAcquire()).toBe(false); // The window is full.
      vi.advanceTimersByTime(1);
    }
    expect(count).toBe(100_000);
  });
});
