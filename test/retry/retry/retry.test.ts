import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BatchError,
  ConfigurationError,
  FencedError,
  retry,
  RetryAfterError,
  type RetryCallOptions,
  SplitError,
} from "../../../src/index.ts";

import { outcomeOf, settle, turns } from "../../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const failure = new Error("not yet");

/** When each of the calls of a `retry` begins, in milliseconds from its start. */
async function timesOf(options: RetryCallOptions, error: unknown = failure): Promise<number[]> {
  const begin = performance.now();
  const times: number[] = [];
  const outcome = outcomeOf(retry(() => {
    times.push(performance.now() - begin);
    throw error;
  }, options));
  for (let step = 0; step < 20 && outcome.state === "pending"; step++) {
    await turns();
    vi.runOnlyPendingTimers();
    await turns();
  }
  expect(outcome).toEqual({ state: "rejected", value: error });
  expect(vi.getTimerCount()).toBe(0);
  return times;
}

describe("retry()", () => {
  it("returns the result of the first call that succeeds", async () => {
    const attempts: number[] = [];
    const outcome = outcomeOf(retry(({ attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw failure;
      return "done";
    }, { maxAttempts: 9, jitter: "none", baseDelay: 10 }));
    await settle(10);
    expect(attempts).toEqual([1, 2]);
    await settle(20);
    expect(outcome).toEqual({ state: "fulfilled", value: "done" });
    expect(attempts).toEqual([1, 2, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("calls once by default, and rejects with what was thrown", async () => {
    expect(await timesOf({})).toEqual([0]);
  });

  it.each([undefined, null, "no", 0])("rejects with the thrown %o", async (thrown) => {
    const outcome = outcomeOf(retry(() => Promise.reject(thrown)));
    await settle();
    expect(outcome).toEqual({ state: "rejected", value: thrown });
  });

  it("accepts a promise, a thenable, and a call that throws", async () => {
    const answers = [
      () => Promise.reject(failure),
      () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(failure) }),
      () => {
        throw failure;
      },
      () => Promise.resolve("done"),
    ];
    const call = ({ attempt }: { attempt: number }) => answers[attempt - 1]!() as Promise<string>;
    const outcome = outcomeOf(retry(call, { maxAttempts: 4, baseDelay: 0 }));
    await settle(1);
    await settle(1);
    await settle(1);
    expect(outcome).toEqual({ state: "fulfilled", value: "done" });
  });
});

describe("retry() of a value that is not a function", () => {
  it.each<[unknown, string]>([
    [5, "5"],
    [undefined, "undefined"],
    [Promise.resolve(1), "an instance of Promise"],
  ])("rejects %o without another attempt", async (given, shown) => {
    const words = `Cannot retry as 'call' must be a function: current value is ${shown}`;
    const outcome = outcomeOf(retry(given as never, { maxAttempts: 3 }));
    await settle();
    expect(outcome).toEqual({ state: "rejected", value: new ConfigurationError(words) });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the delays of retry()", () => {
  const none = { jitter: "none" } as const;
  it.each<[string, RetryCallOptions, number[]]>([
    ["double from 100 ms", { maxAttempts: 5 }, [0, 100, 300, 700, 1500]],
    ["begin at baseDelay", { maxAttempts: 3, baseDelay: 7 }, [0, 7, 21]],
    ["grow by factor", { maxAttempts: 4, factor: 3, baseDelay: 1 }, [0, 1, 4, 13]],
    ["shrink by a factor below 1", { maxAttempts: 4, factor: 0.5 }, [0, 100, 150, 175]],
    ["end at maxDelay", { maxAttempts: 5, maxDelay: 250 }, [0, 100, 300, 550, 800]],
    ["are maxDelay where baseDelay is above it", { maxAttempts: 3, baseDelay: 9, maxDelay: 4 }, [
      ...[0, 4, 8],
    ]],
    ["are 30 s at most", { maxAttempts: 3, baseDelay: 1e6 }, [0, 30_000, 60_000]],
    ["may be none", { maxAttempts: 3, baseDelay: 0, factor: Infinity }, [0, 0, 0]],
  ])("%s", async (_, options, times) => {
    expect(await timesOf({ ...none, ...options })).toEqual(times);
  });

  it("are a random share of the longest delay, drawn for each attempt", async () => {
    const random = vi.spyOn(Math, "random");
    for (const share of [0.5, 0.25, 0]) random.mockReturnValueOnce(share);
    const times = await timesOf({ maxAttempts: 4, baseDelay: 1000 });
    expect(times).toEqual([0, 500, 1000, 1000]);
    expect(random).toHaveBeenCalledTimes(3);
  });

  it("are finite, however many attempts there have been", async () => {
    const delays = vi.spyOn(globalThis, "setTimeout");
    const options = { maxAttempts: 1100, baseDelay: 0 };
    const outcome = outcomeOf(retry(() => Promise.reject(failure), options));
    for (let step = 0; step < 1200 && outcome.state === "pending"; step++) {
      await turns(10);
      vi.advanceTimersByTime(1);
    }
    expect(outcome.state).toBe("rejected");
    expect(delays.mock.calls.every(([, delay]) => delay === 0)).toBe(true);
  });

  it("come from the error's retryAfter if it has one", async () => {
    const options = { maxAttempts: 3, maxDelay: 10 };
    expect(await timesOf(options, { retryAfter: 4000 })).toEqual([0, 4000, 8000]);
    expect(await timesOf(options, new RetryAfterError(50))).toEqual([0, 50, 100]);
    expect(await timesOf(options, new RetryAfterError("2"))).toEqual([0, 2000, 4000]);
  });

  it.each([-1, NaN, Infinity, "5", null, undefined, {}])(
    "ignore a retryAfter of %o",
    async (retryAfter) => {
      const error = { retryAfter };
      expect(await timesOf({ ...none, maxAttempts: 2 }, error)).toEqual([0, 100]);
    },
  );

  it("ignore an error whose properties throw", async () => {
    const error = Object.defineProperty({}, "retryAfter", {
      get: () => {
        throw new Error("do not look");
      },
    });
    const call = vi.fn(() => Promise.reject(error));
    const outcome = outcomeOf(retry(call, { ...none, maxAttempts: 2 }));
    await settle(100);
    expect(call).toHaveBeenCalledTimes(2);
    expect(outcome.value === error).toBe(true);
  });
});

describe("maxRetryAfter of retry()", () => {
  it.each<[number | string, RetryCallOptions, number]>([
    [1e15, {}, 86_400_000],
    ["99999999999", {}, 86_400_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", {}, 86_400_000],
    [Number.MAX_VALUE, {}, 86_400_000],
    [86_400_000, { maxDelay: 1 }, 86_400_000],
    [5000, { maxRetryAfter: 200 }, 200],
    [5000, { maxRetryAfter: 0 }, 0],
    [2e9, { maxRetryAfter: Infinity }, 2e9],
  ])("limits a retryAfter of %o with %o", async (given, more, delay) => {
    const times = await timesOf({ maxAttempts: 2, ...more }, new RetryAfterError(given));
    expect(times).toEqual([0, delay]);
  });
});

describe("isRetriable of retry()", () => {
  it("is called with the error and the attempt, and ends the retries with false", async () => {
    const isRetriable = vi.fn((_: unknown, attempt: number) => attempt < 2);
    expect(await timesOf({ jitter: "none", maxAttempts: 9, isRetriable })).toEqual([0, 100]);
    expect(isRetriable.mock.calls).toEqual([[failure, 1], [failure, 2]]);
  });

  it("is not called when no attempt is left", async () => {
    const isRetriable = vi.fn(() => true);
    await timesOf({ maxAttempts: 2, baseDelay: 0, isRetriable });
    expect(isRetriable).toHaveBeenCalledTimes(1);
  });

  it("that throws ends the retries, and is reported with the error it was given", async () => {
    const call = vi.fn(() => Promise.reject(failure));
    const thrown = new Error("cannot tell");
    const isRetriable = () => {
      throw thrown;
    };
    const outcome = outcomeOf(retry(call, { maxAttempts: 3, isRetriable }));
    await settle(1000);
    const { errors, message, cause } = outcome.value as AggregateError;
    expect(outcome.value).toBeInstanceOf(AggregateError);
    expect([errors, cause]).toEqual([[failure, thrown], failure]);
    expect(message).toBe("not yet ('isRetriable' threw: cannot tell)");
    expect(call).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, () => unknown, string]>([
    ["a promise", () => Promise.resolve(true), "an instance of Promise"],
    ["a promise that rejects", () => Promise.reject(failure), "an instance of Promise"],
    ["nothing", () => {}, "undefined"],
    ["null", () => null, "null"],
    ["a number", () => 1, "1"],
    ["a text", () => "yes", '"yes"'],
    ["a boxed boolean", () => Object(true), "an instance of Boolean"],
  ])("that returns %s is rejected", async (_, isRetriable, shown) => {
    const call = vi.fn(() => Promise.reject(failure));
    const options = { maxAttempts: 3, isRetriable: isRetriable as () => boolean };
    const outcome = outcomeOf(retry(call, options));
    await settle(1000);
    const rule = "a function that returns a boolean";
    const words = `Cannot retry as 'isRetriable' must be ${rule}: current value is ${shown}`;
    expect(outcome.value).toEqual(new ConfigurationError(words));
    expect((outcome.value as Error).cause).toBe(failure);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it("can have a BatchError or a SplitError retried, which is not the default", async () => {
    for (const error of [new BatchError(new Map([[0, failure]])), new SplitError()]) {
      expect(await timesOf({ maxAttempts: 2, baseDelay: 0 }, error)).toHaveLength(1);
      const options = { maxAttempts: 2, baseDelay: 0, isRetriable: () => true };
      expect(await timesOf(options, error)).toHaveLength(2);
    }
  });

  it("is not called for errors that no attempt can change", async () => {
    const isRetriable = vi.fn(() => true);
    for (const error of [new FencedError("key"), new ConfigurationError("wrong")]) {
      expect(await timesOf({ maxAttempts: 5, isRetriable }, error)).toHaveLength(1);
    }
    expect(isRetriable).not.toHaveBeenCalled();
  });
});

describe("the options of retry()", () => {
  const attempts = "a positive integer or Infinity";
  it.each<[object, string]>([
    ...[0, -1, 1.5, NaN].map((value): [object, string] => [
      { maxAttempts: value },
      `'maxAttempts' must be ${attempts}: current value is ${value}`,
    ]),
    [{ maxAttempts: "3" }, `'maxAttempts' must be ${attempts}: current value is "3"`],
    [{ baseDelay: -1 }, "'baseDelay' must be a number of at least 0: current value is -1"],
    [{ maxDelay: null }, "'maxDelay' must be a number of at least 0: current value is null"],
    [{ maxRetryAfter: -1 }, "'maxRetryAfter' must be a number of at least 0: current value is -1"],
    [{ factor: 0 }, "'factor' must be a number above 0: current value is 0"],
    [{ jitter: "half" }, `'jitter' must be "full" or "none": current value is "half"`],
    [{ isRetriable: true }, "'isRetriable' must be a function: current value is true"],
    [{ attemptTimeout: 0 }, "'attemptTimeout' must be a number above 0: current value is 0"],
    [{ signal: {} }, "'signal' must be an AbortSignal: current value is an object"],
    [
      { attempts: 3 },
      "'attempts' must be a known option, perhaps 'maxAttempts': current value is 3",
    ],
  ])("%o are rejected with the whole sentence", async (options, rule) => {
    const call = vi.fn();
    const outcome = outcomeOf(retry(call, options));
    await settle();
    expect(outcome.value).toEqual(new ConfigurationError(`Cannot retry as ${rule}`));
    expect(call).not.toHaveBeenCalled();
  });

  it("may be undefined, and Infinity for unlimited attempts", async () => {
    const options = { maxAttempts: Infinity, baseDelay: 0, signal: undefined, factor: undefined };
    const call = vi.fn(({ attempt }) => attempt > 20 ? "done" : Promise.reject(failure));
    const outcome = outcomeOf(retry(call, options));
    for (let step = 0; step < 20; step++) await settle(1);
    expect(outcome).toEqual({ state: "fulfilled", value: "done" });
  });
});
