import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sleep, withDeadline } from "../../src/runtime/deadline.ts";
import { CountedSignal } from "../support/streams/counted-signal.ts";
import { outcomeOf, settle } from "../support/outcomes/outcome.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const reason = new Error("enough");
const failure = new Error("full");

function leftOf(user: CountedSignal): { timers: number; listeners: number } {
  return { timers: vi.getTimerCount(), listeners: user.listeners };
}
const nothing = { timers: 0, listeners: 0 };

describe("sleep()", () => {
  it("waits for its delay, or until the signal aborts", async () => {
    const user = new CountedSignal();
    const [slept, cut] = [sleep(100, user.signal), sleep(Infinity, user.signal)].map(outcomeOf);
    expect(leftOf(user)).toEqual({ timers: 1, listeners: 2 });
    await settle(99);
    expect(slept!.state).toBe("pending");
    await settle(1);
    expect([slept!.state, cut!.state]).toEqual(["fulfilled", "pending"]);
    user.abort(reason);
    await settle();
    expect(cut!.state).toBe("fulfilled"); // Whoever sleeps looks why it was woken.
    expect(leftOf(user)).toEqual(nothing);
  });

  it("does not begin if the signal has aborted", async () => {
    const user = new CountedSignal();
    user.abort(reason);
    const slept = outcomeOf(sleep(100, user.signal));
    expect(leftOf(user)).toEqual(nothing);
    await settle();
    expect(slept.state).toBe("fulfilled");
  });

  it("waits without a signal, and longer than one platform timer can", async () => {
    const slept = outcomeOf(sleep(2 ** 31 + 10, undefined));
    vi.advanceTimersByTime(2 ** 31 + 9);
    await settle();
    expect(slept.state).toBe("pending");
    await settle(1);
    expect(slept.state).toBe("fulfilled");
  });
});

describe("withDeadline()", () => {
  it.each<[string, () => unknown, object]>([
    ["gives", () => 7, { state: "fulfilled", value: 7 }],
    ["resolves to", () => Promise.resolve(7), { state: "fulfilled", value: 7 }],
    ["throws", () => {
      throw failure;
    }, { state: "rejected", value: failure }],
    ["rejects with", () => Promise.reject(failure), { state: "rejected", value: failure }],
  ])("passes on what a call %s, and leaves no timer", async (_, call, outcome) => {
    const user = new CountedSignal();
    const onLeft = vi.fn();
    const settled = outcomeOf(withDeadline(call, 100, user.signal, onLeft));
    await settle();
    expect(settled).toEqual(outcome);
    expect(leftOf(user)).toEqual(nothing);
    expect(onLeft).not.toHaveBeenCalled();
  });

  it("rejects in time, aborts the call, and reports when it has settled", async () => {
    const user = new CountedSignal();
    const { promise, reject } = Promise.withResolvers<never>();
    const left: Promise<unknown>[] = [];
    let own: AbortSignal | undefined;
    const settled = outcomeOf(withDeadline(
      (signal) => {
        own = signal;
        return promise;
      },
      100,
      user.signal,
      (call) => void left.push(call),
    ));
    await settle(99);
    expect([settled.state, own!.aborted]).toEqual(["pending", false]);
    await settle(1);
    const error = settled.value as DOMException;
    expect(error).toBeInstanceOf(DOMException);
    expect(error.name).toBe("TimeoutError");
    expect(error.message).toBe("The call took longer than 100 ms");
    expect(own!.reason).toBe(error);
    expect(leftOf(user)).toEqual(nothing);
    const over = outcomeOf(left[0]);
    await settle();
    expect([left.length, over.state]).toEqual([1, "pending"]);
    reject(failure); // Nobody is told, as the call has failed before.
    await settle();
    expect(over.state).toBe("fulfilled");
  });

  it("passes an abort on to the call, whose answer counts", async () => {
    const user = new CountedSignal();
    const settled = outcomeOf(withDeadline(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
      100,
      user.signal,
    ));
    user.abort(reason);
    await settle();
    expect(settled).toEqual({ state: "rejected", value: reason });
    expect(leftOf(user)).toEqual(nothing);
  });

  it("leaves no timer for a call that was aborted", async () => {
    const user = new CountedSignal();
    const call = () => new Promise<void>((resolve) => void setTimeout(resolve, 500));
    const onLeft = vi.fn();
    const [own, other] = [
      outcomeOf(withDeadline(call, 100, user.signal, onLeft)),
      outcomeOf(withDeadline(call, 100, user.signal)),
    ];
    user.abort(reason);
    expect(vi.getTimerCount()).toBe(3); // Two of the calls, and one deadline.
    await settle(100);
    expect([own.state, other.state]).toEqual(["pending", "rejected"]);
    await settle(400);
    expect(own.state).toBe("fulfilled");
    expect(onLeft).not.toHaveBeenCalled();
  });

  it("makes the call although the signal has aborted, and passes that on", async () => {
    const call = vi.fn((signal: AbortSignal) => signal.throwIfAborted());
    const settled = outcomeOf(withDeadline(call, 100, AbortSignal.abort(reason)));
    await settle();
    expect(settled).toEqual({ state: "rejected", value: reason });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("never times out if the time is Infinity", async () => {
    const settled = outcomeOf(withDeadline(() => new Promise(() => {}), Infinity, undefined));
    expect(vi.getTimerCount()).toBe(0);
    await settle(1e9);
    expect(settled.state).toBe("pending");
  });
});
