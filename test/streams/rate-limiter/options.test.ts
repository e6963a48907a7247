import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/errors.ts";
import { RateLimiter } from "../../../src/streams/rate-limiter.ts";

/** How many single items the limiter lets through now. */
function burst(limiter: RateLimiter): number {
  let count = 0;
  while (limiter.tryAcquire()) count++;
  return count;
}

describe("RateLimiter: options", () => {
  it.each([
    [{ limit: 0, interval: 1 }, "'limit' must be a positive integer: current value is 0"],
    [{ limit: 1.5, interval: 1 }, "'limit' must be a positive integer: current value is 1.5"],
    [{ interval: 1 }, "'limit' must be a positive integer: current value is undefined"],
    [{ limit: 1, interval: 0 }, "'interval' must be a finite number above 0: current value is 0"],
    [
      { limit: 1, interval: Infinity },
      "'interval' must be a finite number above 0: current value is Infinity",
    ],
    [
      { limit: 1, interval: "9" },
      `'interval' must be a finite number above 0: current value is "9"`,
    ],
    [{ limit: 1 }, "'interval' must be a finite number above 0: current value is undefined"],
    [
      { limit: 1, interval: 1, limits: 2 },
      "'limits' must be a known option, perhaps 'limit': current value is 2",
    ],
    [null, "'options' must be an object: current value is null"],
  ])("are rejected with the whole sentence: %o", (options, sentence) => {
    const error = new ConfigurationError(`Cannot construct RateLimiter as ${sentence}`);
    expect(() => Reflect.construct(RateLimiter, [options])).toThrow(error);
  });

  it.each([
    [0, "0"],
    [1.5, "1.5"],
    [4, "4"],
    [NaN, "NaN"],
    ["2", '"2"'],
  ])("do not allow a count of %o", async (count, shown) => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    const error = new ConfigurationError(
      `Cannot acquire as 'count' must be a positive integer up to 3: current value is ${shown}`,
    );
    expect(() => limiter.tryAcquire(count as number)).toThrow(error);
    await expect(limiter.acquire(count as number)).rejects.toThrow(error);
    expect(burst(limiter)).toBe(3);
  });

  it.each([
    [
      { maxRetryAfter: -1 },
      "'maxRetryAfter' must be a number of at least 0: current value is -1",
    ],
    [
      { maxDelay: 1 },
      "'maxDelay' must be a known option, perhaps 'maxRetryAfter': current value is 1",
    ],
  ])("do not allow pause() with %o", (options, sentence) => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    const error = new ConfigurationError(`Cannot pause as ${sentence}`);
    expect(() => Reflect.apply(limiter.pause, limiter, [1, options])).toThrow(error);
    expect(burst(limiter)).toBe(3);
  });

  it.each([
    [{ signal: 5 }, "'signal' must be an AbortSignal: current value is 5"],
    [{ sign: 5 }, "'sign' must be a known option, perhaps 'signal': current value is 5"],
  ])("do not allow acquire() with %o", async (options, sentence) => {
    const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
    const error = new ConfigurationError(`Cannot acquire as ${sentence}`);
    await expect(Reflect.apply(limiter.acquire, limiter, [1, options])).rejects.toThrow(error);
    expect(burst(limiter)).toBe(3);
  });

  it.each([[-1, "-1"], [NaN, "NaN"], [Infinity, "Infinity"], ["5", '"5"']])(
    "do not allow a pause of %o",
    (delay, shown) => {
      const limiter = new RateLimiter({ limit: 3, interval: 1_000 });
      const error = new ConfigurationError(
        `Cannot pause as 'delay' must be a finite number of at least 0: current value is ${shown}`,
      );
      expect(() => limiter.pause(delay as number)).toThrow(error);
      expect(burst(limiter)).toBe(3);
    },
  );
});
