import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimiter } from "../../../src/streams/rate-limiter.ts";
import { outcomeOf, pass, settle, turns } from "../../support/outcomes/outcome.ts";
import { seeded } from "../../support/streams/schedules.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A thread that may be busy: the clock then goes on, and every timer is late. */
class Thread {
  #busy = 0;
  constructor() {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + this.#busy);
  }

  busy(time: number): void {
    this.#busy += time;
  }
}

/** No window of the length `interval` has more than `limit` of these times. */
function checkWindows(times: readonly number[], { limit, interval }: RateLimiter): void {
  for (const [index, time] of times.entries()) {
    const first = times[index - limit];
    if (first !== undefined) expect(time - first).toBeGreaterThanOrEqual(interval);
  }
}

describe("RateLimiter on a thread that is busy", () => {
  it("counts from when its callers resume, not from their calls", async () => {
    const thread = new Thread();
    const limiter = new RateLimiter({ limit: 10, interval: 100 });
    const times: number[] = [];
    for (let call = 0; call < 20; call++) {
      limiter.acquire().then(() => times.push(performance.now()));
    }
    thread.busy(80);
    await settle();
    expect(times).toHaveLength(10);
    await pass(300, 10);
    expect(times).toHaveLength(20);
    checkWindows(times, limiter);
    expect(times[10]! - times[0]!).toBe(100);
  });

  it("counts callers that are about to resume for those who ask meanwhile", async () => {
    const thread = new Thread();
    const limiter = new RateLimiter({ limit: 2, interval: 100 });
    const waits = [limiter.acquire(), limiter.acquire()];
    thread.busy(150);
    expect(limiter.tryAcquire()).toBe(false);
    await Promise.all(waits);
    thread.busy(99);
    expect(limiter.tryAcquire()).toBe(false);
    thread.busy(1);
    expect(limiter.tryAcquire(2)).toBe(true);
  });

  const step = fc.record({
    /** How many ask at once, and whether each waits by itself or they come one after the other. */
    calls: fc.integer({ min: 1, max: 12 }),
    isTogether: fc.boolean(),
    busy: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
    busyEach: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 })),
    time: fc.integer({ min: 0, max: 50 }),
    tries: fc.nat(3),
  });

  it.each(["no Worker", "Cloudflare-Workers"])(
    "keeps every window as its callers see it, and their order: %s",
    async (userAgent) => {
      vi.stubGlobal("navigator", { userAgent });
      const options = fc.record({
        limit: fc.integer({ min: 1, max: 10 }),
        interval: fc.integer({ min: 1, max: 100 }),
      });
      const steps = fc.array(step, { minLength: 1, maxLength: 12 });
      const property = fc.asyncProperty(options, steps, async (options, steps) => {
        vi.restoreAllMocks();
        const thread = new Thread();
        const limiter = new RateLimiter(options);
        const times: number[] = [];
        const order: number[] = [];
        let asked = 0;
        let left = 0;
        const ask = (busy: number) => {
          const place = asked++;
          left++;
          return limiter.acquire().then(() => {
            times.push(performance.now());
            order.push(place);
            left--;
            thread.busy(busy);
          });
        };
        for (const { calls, isTogether, busy, busyEach, time, tries } of steps) {
          for (let call = 0; call < calls; call++) {
            const waited = outcomeOf(ask(busyEach));
            if (!isTogether) await turns(3);
            expect(waited.state).not.toBe("rejected");
          }
          thread.busy(busy);
          for (let attempt = 0; attempt < tries; attempt++) {
            if (limiter.tryAcquire()) times.push(performance.now());
          }
          await settle(time);
        }
        for (let turn = 0; turn < 3_000 && left > 0; turn++) await pass(50, 10);
        expect(left).toBe(0);
        checkWindows(times, limiter);
        if (userAgent === "no Worker") expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(vi.getTimerCount()).toBe(0);
      });
      await fc.assert(property, { ...seeded, numRuns: 150 });
    },
  );
});
