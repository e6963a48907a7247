import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError, etl } from "../../../src/index.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { started } from "../../support/run/started.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const reason = new Error("stop");

describe("run.abort()", () => {
  it("aborts the signal of all callbacks in the same tick, with the reason", async () => {
    const reasons: unknown[] = [];
    const listen = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      return untilAborted(signal);
    };
    const { run, source } = await started({
      transform: (n, { signal }) => n < 4 ? n : listen(signal),
      load: (_, { signal }) => listen(signal),
    }, { workers: 2, concurrency: 3, batchSize: 2 });
    run.abort(reason);
    expect(reasons).toEqual(Array(2 + 4).fill(reason));
    expect(source.cancelled).toEqual([reason]);
    expect(run.snapshot().state).toBe("aborting");
  });

  it("prevents any further transform, load or hook", async () => {
    let begun = 0;
    const { run } = await started({
      transform: async (n) => (begun++, await wait(1), n),
      load: () => (begun++, wait(2)),
      postProcess: () => void begun++,
    }, { workers: 3, concurrency: 2, batchSize: 4 });
    await vi.advanceTimersByTimeAsync(10);
    run.abort(reason);
    const atOnce = begun;
    expect(atOnce).toBeGreaterThan(10);
    expect((await after(1000, run.finished)).value).toBeInstanceOf(CancelledError);
    expect(begun).toBe(atOnce);
  });

  it("rejects with a CancelledError that says what was aborted and why", async () => {
    const { run } = await started({ load: (_, { signal }) => untilAborted(signal) });
    const { state, value } = await after(0, run.abort(reason));
    expect(state).toBe("rejected");
    expect(value).toMatchObject({
      name: "CancelledError",
      code: "CANCELLED",
      message: `Pipeline "stopped" was cancelled: stop`,
      errors: [], // A callback that passes on its signal has not failed.
      report: { outcome: "aborted", loaded: 0, pending: 4, extracted: 4 },
    });
    expect((value as CancelledError).cause).toBe(reason);
  });

  it("has a default reason, as AbortController has", async () => {
    const { run } = await started({});
    const { value } = await after(0, run.abort());
    expect(value).toMatchObject({
      message: `Pipeline "stopped" was cancelled: The run was aborted`,
      cause: { name: "AbortError" },
    });
  });

  it("keeps the first reason when called again, and does nothing after the end", async () => {
    const { run } = await started({ load: (_, { signal }) => untilAborted(signal) });
    const all = [run.abort(reason), run.abort(new Error("again")), run.drain()].map(outcomeOf);
    await vi.advanceTimersByTimeAsync(0);
    for (const { value } of all) expect((value as CancelledError).cause).toBe(reason);
    expect(run.snapshot().state).toBe("ended");
    const { finished } = run;
    expect(run.abort(new Error("late"))).toBe(finished);
    expect(run.drain()).toBe(finished);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps its reason when the signal aborts as well", async () => {
    const stop = new AbortController();
    const load = (_: unknown, { signal }: { signal: AbortSignal }) => untilAborted(signal);
    const { run } = await started({ load }, { signal: stop.signal });
    const outcome = outcomeOf(run.abort(reason));
    stop.abort(new Error("again"));
    await vi.advanceTimersByTimeAsync(0);
    expect((outcome.value as CancelledError).cause).toBe(reason);
  });

  it("loads nothing of a source that aborts the run as it yields an item", async () => {
    const load = vi.fn();
    const extract = function* () {
      void run.abort(reason);
      yield 1;
    };
    const run = etl<number>({ name: "at once", extract, load }).start();
    const { value } = await after(0, run.finished);
    expect(value).toMatchObject({ report: { outcome: "aborted", extracted: 1, pending: 1 } });
    expect(load).not.toHaveBeenCalled();
  });

  it("does not affect a run that has completed", async () => {
    const signals: AbortSignal[] = [];
    const load = (_: unknown, { signal }: { signal: AbortSignal }) => void signals.push(signal);
    const run = etl<number>({ name: "done", extract: () => [1], load }).start();
    const report = await run.finished;
    for (const stop of [run.abort(reason), run.drain()]) expect(await stop).toBe(report);
    expect(signals[0]!.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("escalates a drain, and a drain does not take it back", async () => {
    const { run } = await started({ load: (_, { signal }) => untilAborted(signal) });
    const drained = outcomeOf(run.drain());
    await vi.advanceTimersByTimeAsync(10);
    expect(drained.state).toBe("pending");
    run.abort(reason);
    run.drain();
    expect(run.snapshot().state).toBe("aborting");
    await vi.advanceTimersByTimeAsync(0);
    expect(drained).toMatchObject({ state: "rejected", value: { report: { outcome: "aborted" } } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("calls nothing if it comes before the first turn", async () => {
    const call = vi.fn(() => [1]);
    const hooks = { preProcess: call, postProcess: call, finalize: call, onProgress: call };
    const { onProgress, ...members } = hooks;
    const signal = new CountedSignal();
    const pipeline = etl<number>({ name: "early", extract: call, load: call, ...members });
    const run = pipeline.start({ onProgress, signal: signal.signal });
    const { value } = await after(10_000, run.abort(reason));
    expect(value).toMatchObject({ report: { outcome: "aborted", extracted: 0 } });
    expect(call).not.toHaveBeenCalled();
    expect(signal.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["preProcess", "extract", "postProcess", "finalize"])(
    "ends a wait in %s",
    async (hook) => {
      const call = (...args: unknown[]) =>
        untilAborted((args.at(-1) as { signal: AbortSignal }).signal);
      const extract = () => [1];
      const { run } = await started({ extract, [hook]: call });
      const { value } = await after(0, run.abort(reason));
      expect(value).toBeInstanceOf(CancelledError);
      expect(value).toMatchObject({ report: { outcome: "aborted" }, errors: [] });
    },
  );

  it.each(["transform", "load", "extract", "flushWhen"] as const)(
    "may be called within %s",
    async (place) => {
      const stop = () => void run.abort(reason);
      const source = function* () {
        for (let n = 0; n < 10; n++) {
          if (place === "extract" && n === 3) stop();
          yield n;
        }
      };
      const run = etl<number>({
        name: "within",
        extract: source,
        transform: (n) => (place === "transform" && n === 3 && stop(), n),
        load: ([n]) => void (place === "load" && n === 3 && stop()),
      }).start({
        batchSize: 1,
        flushWhen: (n) => (place === "flushWhen" && n === 3 && stop(), false),
        abortTimeout: Infinity,
      });
      const { value } = await after(0, run.finished);
      expect(value).toBeInstanceOf(CancelledError);
      const { report } = value as CancelledError;
      expect(report).toMatchObject({ outcome: "aborted", extracted: 4 });
      expect(report!.loaded).toBe(place === "load" ? 4 : 3);
      expect(report!.pending).toBe(place === "load" ? 0 : 1);
    },
  );
});

describe("a signal that has aborted before the run", () => {
  it("calls nothing, and rejects", async () => {
    const call = vi.fn(() => [1]);
    const hooks = { preProcess: call, postProcess: call, finalize: call };
    const pipeline = etl<number>({ name: "never", extract: call, load: call, ...hooks });
    const signal = AbortSignal.abort(reason);
    const { value } = await after(10_000, pipeline.run({ signal, onProgress: call }));
    expect(value).toBeInstanceOf(CancelledError);
    expect((value as CancelledError).cause).toBe(reason);
    expect(value).toMatchObject({ report: { outcome: "aborted", extracted: 0, pending: 0 } });
    expect(call).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("CancelledError", () => {
  it("has the errors of what failed while the run was being aborted", async () => {
    const failure = new Error("could not roll back");
    const { run } = await started({
      load: (_, { signal }) => untilAborted(signal).catch(() => Promise.reject(failure)),
    });
    const { value } = await after(0, run.abort(reason));
    expect(value).toBeInstanceOf(CancelledError);
    expect(value).toMatchObject({ errors: [failure], cause: reason });
  });

  it("ignores an AbortError of a callback, and a load that its own signal stopped", async () => {
    const { run } = await started({
      load: (_, { signal }) =>
        untilAborted(signal).catch(() => {
          throw new DOMException("This operation was aborted", "AbortError");
        }),
    });
    expect((await after(0, run.abort(reason))).value).toMatchObject({ errors: [] });
  });
});
