import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RetryAfterError } from "../../src/index.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("RetryAfterError", () => {
  it("is an EtlError", () => {
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
    ["0.001", 1],
    ["1.1", 1100],
    ["10.5", 10_500],
    ["0.0001", 1],
    ["\t3\n", 3000],
    ["99999999999", 99_999_999_999_000],
    ["9".repeat(400), Number.MAX_VALUE],
    ["Tue Nov 14 22:13:30 2023", 10_000],
    ["Tue Nov  7 22:13:30 2023", 0],
    ["Tuesday, 14-Nov-23 22:13:30 GMT", 10_000],
    ["Thursday, 14-Nov-73 22:13:20 GMT", 1_577_923_200_000],
    ["Thursday, 14-Nov-74 22:13:20 GMT", 0], // More than 50 years ahead: that was 1974.
    ["Fri, 14 Nov 0099 22:13:30 GMT", 0],
    ["Thu, 29 Feb 2024 00:00:00 GMT", 9_164_800_000],
    ["Wed, 29 Feb 2023 00:00:00 GMT", undefined],
    ["Tue, 31 Nov 2023 22:13:30 GMT", undefined],
    ["Tue, 00 Nov 2023 22:13:30 GMT", undefined],
    ["Tue, 14 Nov 2023 24:13:30 GMT", undefined],
    ["Tue, 14 Nov 2023 22:60:30 GMT", undefined],
    ["Tue, 14 Nov 2023 22:13:61 GMT", undefined],
    ["Tue, 14 Now 2023 22:13:30 GMT", undefined],
    ["Tue, 14 vDe 2023 22:13:30 GMT", undefined],
    ["Tue, 14 Nov 2023 22:13:30 +0100", undefined],
    ["Tue, 14 Nov 2023 22:13:30", undefined],
    ["14 Nov 2023 22:13:30 GMT", undefined],
    ["2023-11-14T22:13:30Z", undefined],
    ["2023-11-14", undefined],
    ["11/14/2023", undefined],
    ["-5", undefined],
    ["+5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    [".5", undefined],
    ["5.", undefined],
    ["1,5", undefined],
    ["1 2", undefined],
    ["5s", undefined],
    ["Infinity", undefined],
    ["NaN", undefined],
    [null, undefined],
  ])("turns %o into a delay of %o ms", (given, delay) => {
    expect(new RetryAfterError(given).retryAfter).toBe(delay);
  });
});
