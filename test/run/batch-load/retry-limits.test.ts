import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigurationError, RateLimiter, RetryAfterError } from "../../../src/index.ts";
import { failureOf, start } from "../../support/run/resilient-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = new Error("full");
const retry = { maxAttempts: 3, jitter: "none", baseDelay: 100 } as const;
const span = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, place) => from + place);

describe("a call that fails", () => {
  it("is not retried if isRetriable returns a promise, which is rejected", async () => {
    const load = vi.fn(() => Promise.reject(failure));
    const isRetriable = (() => Promise.resolve(true)) as unknown as () => boolean;
    const rule = "a function that returns a boolean";
    const words = `Cannot retry as 'isRetriable' must be ${rule}: current value is`;
    for (const functions of [{ load }, { transform: load, load: () => {} }]) {
      const error = await failureOf(functions, { retry: { ...retry, isRetriable } });
      const [refusal, first] = error.errors;
      expect(refusal).toEqual(new ConfigurationError(`${words} an instance of Promise`));
      expect([error.cause, first]).toEqual([refusal, failure]);
    }
  });

  it("has the first and the last of its errors if it is retried very often", async () => {
    for (const stage of ["load", "transform", "transformBatch"] as const) {
      let attempt = 0;
      const fail = () => {
        throw new Error(`attempt ${++attempt}`);
      };
      const error = await failureOf({ extract: () => [0], load: () => {}, [stage]: fail }, {
        retry: { ...retry, baseDelay: 0, maxAttempts: 50 },
      });
      expect([error.attempts, attempt]).toEqual([50, 50]);
      const numbers = error.errors.map((one) => Number((one as Error).message.slice(8)));
      expect(numbers).toEqual([...span(1, 10), ...span(41, 50)]);
    }
  });

  it("waits a day at most, and does not block others that share its limit for longer", async () => {
    const times: number[] = [];
    const limiter = new RateLimiter({ limit: 100, interval: 10 });
    const load = () => {
      times.push(performance.now());
      if (times.length === 1) throw new RetryAfterError("99999999999");
    };
    const day = 24 * 60 * 60 * 1000;
    const run = start({ load }, { retry, rateLimit: limiter });
    await vi.advanceTimersByTimeAsync(day - 1);
    expect(limiter.tryAcquire()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(limiter.tryAcquire()).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    await run.finished;
    expect(times[1]! - times[0]!).toBe(day);
  });
});
