import { describe, expect, it, vi } from "vitest";
import { follow } from "../../src/runtime/signals.ts";
import { CountedSignal } from "../support/counted-signal.ts";

describe("follow()", () => {
  it("calls once with the reason when the signal aborts, and leaves no listener", () => {
    const stop = new CountedSignal();
    const onAbort = vi.fn();
    const unfollow = follow(stop.signal, onAbort);
    expect(stop.listeners).toBe(1);
    expect(onAbort).not.toHaveBeenCalled();
    stop.abort("enough");
    stop.abort("again");
    expect(onAbort.mock.calls).toEqual([["enough"]]);
    expect(stop.listeners).toBe(0);
    unfollow();
    expect(stop.listeners).toBe(0);
  });

  it("calls at once when the signal has aborted, and puts no listener on", () => {
    const stop = new CountedSignal();
    stop.abort("enough");
    const onAbort = vi.fn();
    follow(stop.signal, onAbort)();
    expect(onAbort.mock.calls).toEqual([["enough"]]);
    expect(stop.added).toBe(0);
  });

  it("calls no more once it was told so, and leaves no listener", () => {
    const stop = new CountedSignal();
    const onAbort = vi.fn();
    const others = vi.fn();
    follow(stop.signal, others);
    follow(stop.signal, onAbort)();
    expect(stop.listeners).toBe(1);
    stop.abort("enough");
    expect(onAbort).not.toHaveBeenCalled();
    expect(others).toHaveBeenCalledTimes(1);
  });

  it("does nothing without a signal", () => {
    const onAbort = vi.fn();
    follow(undefined, onAbort)();
    expect(onAbort).not.toHaveBeenCalled();
  });
});
