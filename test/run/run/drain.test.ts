import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError, chunks, etl, type RunOptions, type Source } from "../../../src/index.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { ScriptedSource, sourceKinds } from "../../support/run/sources.ts";
import { after, untilAborted, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A run that waits for more items, and what it has done so far. */
async function waiting(options: RunOptions<number> = {}, load = (_: AbortSignal) => wait(10)) {
  const loaded: number[] = [];
  const signal = new CountedSignal();
  const source = new ScriptedSource({ kind: "stream", reads: 5, end: "never" });
  const postProcess = vi.fn();
  const finalize = vi.fn();
  const run = etl<number>({
    name: "waiting",
    extract: () => source.source,
    load: (rows, context) => load(context.signal).then(() => void loaded.push(...rows)),
    ...{ postProcess, finalize },
  }).start({ batchSize: 2, timeout: Infinity, signal: signal.signal, ...options });
  await vi.advanceTimersByTimeAsync(0);
  return { run, signal, source, loaded, postProcess, finalize };
}

describe("the signal of a run, when it aborts", () => {
  it("cancels the source, loads all that was read, and rejects", async () => {
    const { run, signal, source, loaded, postProcess, finalize } = await waiting();
    const reason = new Error("deploying");
    signal.abort(reason);
    expect(source.cancelled).toEqual([reason]); // At once.
    expect(run.snapshot().state).toBe("draining");
    const { value } = await after(100, run.finished);
    expect(value).toBeInstanceOf(CancelledError);
    expect(value).toMatchObject({
      name: "CancelledError",
      code: "CANCELLED",
      message: `Pipeline "waiting" was cancelled: deploying`,
      errors: [],
      report: { outcome: "drained", extracted: 5, loaded: 5, pending: 0, batches: 3 },
    });
    expect((value as CancelledError).cause).toBe(reason);
    expect(loaded).toEqual([0, 1, 2, 3, 4]);
    expect(postProcess).not.toHaveBeenCalled();
    expect(finalize.mock.calls.map(([outcome]) => outcome)).toEqual(["drained"]);
    expect(signal.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(source.stream!.locked).toBe(false);
  });

  it.each(sourceKinds)("loads everything that a source of kind %s yielded before", async (kind) => {
    const loaded: number[] = [];
    const stop = new AbortController();
    const source = new ScriptedSource({ kind, reads: Infinity, end: "end" });
    const run = etl<number>({
      name: "endless",
      extract: () => source.source,
      load: async (rows) => {
        await wait(1);
        loaded.push(...rows);
        if (loaded.length >= 20) stop.abort();
      },
    }).start({ batchSize: 4, signal: stop.signal });
    const { value } = await after(1000, run.finished);
    const { report } = value as CancelledError;
    expect(report).toMatchObject({ outcome: "drained", pending: 0, loaded: loaded.length });
    expect(loaded).toEqual(Array.from({ length: source.given }, (_, n) => n));
    expect(source.cancelled).toHaveLength(1);
  });

  it("stops even a source that reads and fails with the same signal", async () => {
    const stop = new AbortController();
    const source = new ReadableStream<number>({
      pull: async () => await untilAborted(stop.signal),
    });
    const read = vi.fn(async () => await untilAborted(stop.signal));
    const iterable: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: read }) };
    const reason = new Error("the end");
    const all = [source, iterable].map((source) =>
      outcomeOf(
        etl<number>({ name: "same", extract: () => source, load: () => {} })
          .run({ signal: stop.signal }),
      )
    );
    await vi.advanceTimersByTimeAsync(1);
    stop.abort(reason);
    await vi.advanceTimersByTimeAsync(1);
    for (const { value } of all) expect(value).toBeInstanceOf(CancelledError);
  });

  it("aborts the run if a load throws its reason, as its items are not loaded", async () => {
    const stop = new AbortController();
    const load = () => untilAborted(stop.signal);
    const run = etl<number>({ name: "own", extract: () => [1, 2, 3], load }).start({
      signal: stop.signal,
    });
    await vi.advanceTimersByTimeAsync(1);
    stop.abort(new Error("the end"));
    const { value } = await after(1, run.finished);
    expect(value).toBeInstanceOf(CancelledError);
    expect(value).toMatchObject({ report: { outcome: "aborted", loaded: 0, pending: 3 } });
  });

  it.each([["preProcess", []], ["postProcess", [1]]])("lets %s end first", async (stage, items) => {
    const stop = new AbortController();
    const loaded: number[] = [];
    const extract = vi.fn(() => [1]);
    const run = etl<number>({
      ...{ name: "hooks", extract, load: (rows) => void loaded.push(...rows) },
      [stage]: () => wait(10),
    }).start({ signal: stop.signal });
    await vi.advanceTimersByTimeAsync(5);
    const outcome = outcomeOf(run.finished);
    stop.abort();
    await vi.advanceTimersByTimeAsync(4);
    expect(outcome.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.value).toMatchObject({ report: { outcome: "drained" } });
    expect(loaded).toEqual(items);
    expect(extract).toHaveBeenCalledTimes(items.length);
  });
});

describe("run.drain()", () => {
  it("loads all that was read, and resolves", async () => {
    const { run, source, loaded, postProcess } = await waiting();
    const drained = run.drain();
    const { state, value } = await after(100, drained);
    expect(state).toBe("fulfilled");
    expect(value).toMatchObject({ outcome: "drained", extracted: 5, loaded: 5, pending: 0 });
    expect(value).toBe(await run.finished);
    expect(loaded).toEqual([0, 1, 2, 3, 4]);
    expect(source.cancelled).toMatchObject([{
      name: "AbortError",
      message: "The run was drained",
    }]);
    expect(postProcess).not.toHaveBeenCalled();
  });

  it("may be called again, and does nothing after the end", async () => {
    const { run, source } = await waiting();
    const all = [run.drain(), run.drain(), (await after(100, run.finished), run.drain())];
    const [report, ...others] = await Promise.all(all);
    expect(others).toEqual([report, report]);
    expect(source.cancelled).toHaveLength(1);
    expect(run.snapshot().state).toBe("ended");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not abort the callbacks' signal if it ends in time", async () => {
    const signals: AbortSignal[] = [];
    const { run } = await waiting({}, (signal) => (signals.push(signal), wait(10)));
    await after(20_000, run.drain());
    expect(signals).toHaveLength(3);
    expect(signals.some(({ aborted }) => aborted)).toBe(false);
  });

  it("calls nothing if it comes before the first turn", async () => {
    const call = vi.fn(() => [1]);
    const hooks = { preProcess: call, postProcess: call, finalize: call };
    const run = etl<number>({ name: "early", extract: call, load: call, ...hooks }).start();
    const { value } = await after(0, run.drain());
    expect(value).toMatchObject({ outcome: "drained", extracted: 0 });
    expect(call).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("still rejects if a signal aborts later", async () => {
    const { run, signal } = await waiting();
    run.drain();
    signal.abort(new Error("hurry"));
    const { state, value } = await after(100, run.finished);
    expect(state).toBe("rejected");
    expect(value).toMatchObject({ report: { outcome: "drained", pending: 0 } });
  });

  it("ends a wait for extract(), and cancels a source that it returns later", async () => {
    const source = new ScriptedSource({ kind: "stream", reads: 5, end: "never" });
    const load = vi.fn();
    const run = etl<number>({
      name: "opening",
      extract: ({ signal }) => untilAborted(signal).then(() => [], () => source.source),
      load,
    }).start();
    await vi.advanceTimersByTimeAsync(5);
    const { value } = await after(1, run.drain());
    expect(value).toMatchObject({ outcome: "drained", extracted: 0 });
    expect(source.cancelled).toHaveLength(1);
    expect(source.stream!.locked).toBe(false);
    expect(load).not.toHaveBeenCalled();
  });

  it.each([
    ["the reason", (signal: AbortSignal) => untilAborted(signal)],
    ["an AbortError of its own", (signal: AbortSignal) =>
      untilAborted(signal).catch(() => {
        throw new DOMException("The operation was aborted", "AbortError");
      })],
  ])("does not count %s of an extract() that it has aborted as a failure", async (_, open) => {
    const extract = ({ signal }: { signal: AbortSignal }) => open(signal) as Promise<never>;
    const run = etl<number>({ name: "opening", extract, load: () => {} }).start();
    await vi.advanceTimersByTimeAsync(5);
    expect((await after(1, run.drain())).value).toMatchObject({ outcome: "drained" });
  });

  it("leaves the rest of an array", async () => {
    const loaded: number[] = [];
    const run = etl<number>({
      name: "array",
      extract: () => [1, 2, 3, 4, 5, 6, 7, 8, 9],
      load: async (rows) => (await wait(10), void loaded.push(...rows)),
    }).start({ batchSize: 2 });
    await vi.advanceTimersByTimeAsync(5); // One batch is loaded, one waits, and the bucket is full.
    const { value } = await after(100, run.drain());
    expect(value).toMatchObject({ outcome: "drained", extracted: 8, loaded: 8, pending: 0 });
    expect(loaded).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("finishes the chunk that was read", async () => {
    const loaded: number[] = [];
    const run = etl<number>({
      name: "chunk",
      extract: () => chunks([[1, 2, 3, 4, 5, 6, 7, 8, 9], [10]]) as Source<number>,
      load: async (rows) => (await wait(1), void loaded.push(...rows)),
    }).start();
    await vi.advanceTimersByTimeAsync(1);
    const { value } = await after(100, run.drain());
    expect(value).toMatchObject({ outcome: "drained", extracted: 9, loaded: 9 });
    expect(loaded).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("drainTimeout", () => {
  const stuck = untilAborted;

  it.each([[undefined, 10_000], [50, 50], [2 ** 31, 2 ** 31]])(
    "of %o aborts the run after it",
    async (drainTimeout, time) => {
      const { run, signal } = await waiting({ drainTimeout }, stuck);
      const reason = new Error("deploying");
      signal.abort(reason);
      const outcome = await after(time - 1, run.finished);
      expect(outcome.state).toBe("pending");
      expect(run.snapshot().state).toBe("draining");
      await vi.advanceTimersByTimeAsync(1);
      expect(outcome.value).toBeInstanceOf(CancelledError);
      expect(outcome.value).toMatchObject({
        report: { outcome: "aborted", extracted: 5, loaded: 0, pending: 5 },
      });
      expect((outcome.value as CancelledError).cause).toBe(reason);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("of Infinity never aborts", async () => {
    const { run, signal } = await waiting({ drainTimeout: Infinity }, stuck);
    signal.abort(undefined);
    const outcome = await after(1e8, run.finished);
    expect(outcome.state).toBe("pending");
    run.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(outcome.value).toMatchObject({ report: { outcome: "aborted" } });
  });

  it("is named by the error of run.drain()", async () => {
    const { run } = await waiting({ drainTimeout: 50 }, stuck);
    const { value } = await after(50, run.drain());
    expect(value).toBeInstanceOf(CancelledError);
    expect(value).toMatchObject({
      message: `Pipeline "waiting" was cancelled: The run was not drained within 50 ms`,
      cause: { name: "TimeoutError" },
    });
  });

  it.each(["signal", "drain"])("of 0 aborts at once: %s", async (way) => {
    let aborted = 0;
    const load = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => aborted++);
      return stuck(signal);
    };
    const { run, signal } = await waiting({ drainTimeout: 0, workers: 2 }, load);
    if (way === "signal") signal.abort(new Error("now"));
    else run.drain();
    expect(aborted).toBe(2); // In the same tick.
    const { state, value } = await after(0, run.finished);
    expect(state).toBe("rejected");
    expect(value).toMatchObject({ report: { outcome: "aborted", pending: 5 } });
  });
});
