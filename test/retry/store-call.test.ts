import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CheckpointError, FencedError } from "../../src/errors.ts";
import { checkOptions } from "../../src/options.ts";
import { type RetryOptions, retryOptions } from "../../src/retry/retry.ts";
import { callStore, isHopeless } from "../../src/retry/store-call.ts";
import { outcomeOf } from "../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const down = new Error("The server is down");

/** Calls a store that fails so often, and lets a minute pass. */
async function call(fails: () => unknown, times: number, options: RetryOptions = {}) {
  const rules = checkOptions<RetryOptions, "isRetriable">("call", options, retryOptions);
  const stop = new AbortController();
  const gone = new AbortController();
  const store = vi.fn((_: AbortSignal) => store.mock.calls.length > times ? "kept" : fails());
  const outcome = outcomeOf(callStore(store, rules, stop.signal, gone.signal));
  return { outcome, store, stop, gone };
}
const fail = () => Promise.reject(down);
const patient = { maxAttempts: 3, baseDelay: 1000 };

describe("callStore()", () => {
  it("calls a store that is down again, and returns what it answers then", async () => {
    const { outcome, store } = await call(fail, 2, patient);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(outcome).toEqual({ state: "fulfilled", value: "kept" });
    expect(store).toHaveBeenCalledTimes(3);
  });

  it("rejects with the last error when no attempt is left", async () => {
    const { outcome, store } = await call(fail, 9, patient);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([outcome.value, store.mock.calls.length]).toEqual([down, 3]);
  });

  it.each([new FencedError("a", "other"), new CheckpointError("a", "it is torn")])(
    "does not repeat a call that the store has answered: %s",
    async (answer) => {
      const { outcome, store } = await call(() => Promise.reject(answer), 9, patient);
      await vi.advanceTimersByTimeAsync(60_000);
      expect([outcome.value, store.mock.calls.length]).toEqual([answer, 1]);
      expect([isHopeless(answer), isHopeless(down)]).toEqual([true, false]);
    },
  );

  it("makes one last call, without a delay, once its signal has aborted", async () => {
    const { outcome, store, stop } = await call(fail, 9, { ...patient, maxAttempts: 9 });
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect([outcome.value, store.mock.calls.length]).toEqual([down, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("aborts a call whose attemptTimeout is up, and one that nobody waits for", async () => {
    const never = () => new Promise(() => {});
    const { outcome, store } = await call(never, 1, { ...patient, attemptTimeout: 50 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([outcome.value, store.mock.calls[0]![0].aborted]).toEqual(["kept", true]);
    const left = await call(never, 1, patient);
    left.gone.abort();
    expect(left.store.mock.calls[0]![0].aborted).toBe(true);
  });

  it("rejects with the store's error if isRetriable throws", async () => {
    const isRetriable = () => {
      throw new Error("no idea");
    };
    const { outcome } = await call(fail, 9, { ...patient, isRetriable });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(outcome.value).toBe(down);
  });
});
