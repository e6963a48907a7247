import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { retry } from "../../../src/index.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { outcomeOf, settle } from "../../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const failure = new Error("not yet");

describe("attemptTimeout of retry()", () => {
  it("fails a call that takes longer, and aborts its signal", async () => {
    const signals: AbortSignal[] = [];
    const outcome = outcomeOf(retry(({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    }, { attemptTimeout: 50, maxAttempts: 2, baseDelay: 10, jitter: "none" }));
    await settle(49);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await settle(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await settle(10);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await settle(50);
    expect(outcome.state).toBe("rejected");
    expect(outcome.value).toMatchObject({
      name: "TimeoutError",
      message: "The call took longer than 50 ms",
    });
    expect(signals[1]!.reason).toBe(outcome.value);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves a call alone that is in time, and leaves no timer", async () => {
    const outcome = outcomeOf(retry(() => "done", { attemptTimeout: 50 }));
    await settle();
    expect(outcome).toEqual({ state: "fulfilled", value: "done" });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the signal of retry()", () => {
  const reason = new Error("enough");
  const isRefused = { state: "rejected", value: reason };

  it("prevents any call if it has aborted before", async () => {
    const call = vi.fn();
    const outcome = outcomeOf(retry(call, { signal: AbortSignal.abort(reason) }));
    await settle();
    expect(outcome).toEqual(isRefused);
    expect(call).not.toHaveBeenCalled();
  });

  it.each([Infinity, 500])("ends a call that respects it; attemptTimeout %o", async (timeout) => {
    const user = new CountedSignal();
    const outcome = outcomeOf(retry(({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      }), { signal: user.signal, attemptTimeout: timeout, maxAttempts: 1 }));
    await settle(10);
    user.abort(reason);
    await settle();
    expect(outcome).toEqual(isRefused);
    expect([vi.getTimerCount(), user.listeners]).toEqual([0, 0]);
  });

  it.each<[number, string, () => unknown]>([Infinity, 500].flatMap((timeout) => [
    [timeout, "never settles", () => new Promise(() => {})],
    [timeout, "succeeds later", () => new Promise((resolve) => setTimeout(resolve, 100))],
    [timeout, "fails later", () => new Promise((_, reject) => setTimeout(reject, 100, failure))],
    [timeout, "is no promise of its own", () => ({ then: () => {} })],
  ]))("rejects at once; attemptTimeout %o, a call that %s", async (timeout, _, call) => {
    const user = new CountedSignal();
    const options = { signal: user.signal, attemptTimeout: timeout, maxAttempts: 9 };
    const mock = vi.fn(call);
    const outcome = outcomeOf(retry(mock, options));
    await settle(10);
    vi.clearAllTimers(); // Those of the call.
    user.abort(reason);
    await settle();
    expect(outcome).toEqual(isRefused);
    expect([vi.getTimerCount(), user.listeners]).toEqual([0, 0]);
    await settle(1000);
    expect(mock).toHaveBeenCalledTimes(1);
  });

  it.each([Infinity, 500])("leaves no timer behind; attemptTimeout %o", async (timeout) => {
    const user = new CountedSignal();
    let own: AbortSignal | undefined;
    const outcome = outcomeOf(retry(({ signal }) => {
      own = signal;
      return new Promise(() => {});
    }, { signal: user.signal, attemptTimeout: timeout }));
    await settle(10);
    user.abort(reason);
    await settle();
    expect([outcome.value, own!.aborted, own!.reason]).toEqual([reason, true, reason]);
    expect([vi.getTimerCount(), user.listeners]).toEqual([0, 0]);
  });

  it.each([Infinity, 500])("may abort within a call; attemptTimeout %o", async (timeout) => {
    const user = new CountedSignal();
    const call = vi.fn(() => user.abort(reason));
    const options = { signal: user.signal, attemptTimeout: timeout, maxAttempts: 9 };
    const outcome = outcomeOf(retry(call, options));
    await settle(10);
    expect(outcome).toEqual(isRefused);
    expect(call).toHaveBeenCalledTimes(1);
    expect([vi.getTimerCount(), user.listeners]).toEqual([0, 0]);
  });

  it("ends a delay", async () => {
    const user = new CountedSignal();
    const call = vi.fn(() => Promise.reject(failure));
    const outcome = outcomeOf(retry(call, { signal: user.signal, maxAttempts: 2, baseDelay: 1e4 }));
    await settle();
    expect([vi.getTimerCount(), user.listeners]).toEqual([1, 1]);
    user.abort(reason);
    await settle();
    expect(outcome).toEqual(isRefused);
    expect(call).toHaveBeenCalledTimes(1);
    expect([vi.getTimerCount(), user.listeners]).toEqual([0, 0]);
  });

  it.each([Infinity, 50])("has no listener left; attemptTimeout %o", async (timeout) => {
    const user = new CountedSignal();
    const options = { signal: user.signal, attemptTimeout: timeout, maxAttempts: 3, baseDelay: 0 };
    const fine = outcomeOf(retry(({ attempt }) => {
      if (attempt < 3) throw failure;
    }, options));
    const failing = outcomeOf(retry(() => Promise.reject(failure), options));
    for (let step = 0; step < 3; step++) await settle(1);
    expect([fine.state, failing.state]).toEqual(["fulfilled", "rejected"]);
    expect(user.added).toBeGreaterThan(0);
    expect([vi.getTimerCount(), user.listeners]).toEqual([0, 0]);
  });
});
