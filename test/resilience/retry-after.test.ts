import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RetryAfterError } from "../../src/index.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("RetryAfterError", () => {
  it("is an error of the family", () => {
    const cause = new Error("429");
    const error = new RetryAfterError(5, { message: "too many requests", cause });
    expect(error).toMatchObject({
      ...{ name: "RetryAfterError", code: "RETRY_AFTER", retryAfter: 5 },
      ...{ message: "too many requests", cause },
    });
    expect(new RetryAfterError(5).message).toBe("Try again later");
  });

  it.each<[number | string | null, number | undefined]>([
    [0, 0],
    [1.5, 1.5],
    [-1, undefined],
    [NaN, undefined],
    [Infinity, undefined],
    ["0", 0],
    ["120", 120_000],
    [" 3 ", 3000],
    ["Tue, 14 Nov 2023 22:13:30 GMT", 10_000], // The clock stands at 22:13:20.
    ["Tue, 14 Nov 2023 22:13:00 GMT", 0], // That is over.
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("makes of %o a delay of %o ms", (given, delay) => {
    expect(new RetryAfterError(given).retryAfter).toBe(delay);
  });
});
