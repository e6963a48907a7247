import { describe, expect, it, vi } from "vitest";
import { onAbort } from "../../src/runtime/signals.ts";
import { CountedSignal } from "../support/streams/counted-signal.ts";

describe("onAbort()", () => {
  it("calls once with the reason when the signal aborts, and leaves no listener", () => {
    const stop = new CountedSignal();
    const listener = vi.fn();
    const stopListening = onAbort(stop.signal, listener);
    expect(stop.listeners).toBe(1);
    expect(listener).not.toHaveBeenCalled();
    stop.abort("enough");
    stop.abort("again");
    expect(listener.mock.calls).toEqual([["enough"]]);
    expect(stop.listeners).toBe(0);
    stopListening();
    expect(stop.listeners).toBe(0);
  });

  it("calls at once if the signal has aborted, and adds no listener", () => {
    const stop = new CountedSignal();
    stop.abort("enough");
    const listener = vi.fn();
    onAbort(stop.signal, listener)();
    expect(listener.mock.calls).toEqual([["enough"]]);
    expect(stop.added).toBe(0);
  });

  it("does not call after it was cancelled, and leaves no listener", () => {
    const stop = new CountedSignal();
    const listener = vi.fn();
    const others = vi.fn();
    onAbort(stop.signal, others);
    onAbort(stop.signal, listener)();
    expect(stop.listeners).toBe(1);
    stop.abort("enough");
    expect(listener).not.toHaveBeenCalled();
    expect(others).toHaveBeenCalledTimes(1);
  });

  it("does nothing without a signal", () => {
    const listener = vi.fn();
    onAbort(undefined, listener)();
    expect(listener).not.toHaveBeenCalled();
  });
});
