import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CancelledError, etl, MemoryCheckpointStore, type RunReport } from "../../../src/index.ts";
import { CountedSignal } from "../../support/streams/counted-signal.ts";
import { HeldStore } from "../../support/checkpoints/held-store.ts";
import { outcomeOf, pass, settle } from "../../support/outcomes/outcome.ts";
import { ScriptedSource } from "../../support/run/sources.ts";
import { wait } from "../../support/run/time.ts";

const failure = new Error("broken");

beforeEach(() => void vi.useFakeTimers({ now: 50_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // Whatever happened to the run.
  vi.useRealTimers();
});

describe("the end of a run", () => {
  const ends = ["complete", "source fails", "load fails", "drain", "abort", "signal"] as const;
  const outcomes = {
    complete: "completed",
    "source fails": "failed",
    "load fails": "failed",
    drain: "drained",
    abort: "aborted",
    signal: "drained",
  };

  it.each(ends)("stores what is finished, and leaves no claim: %s", async (end) => {
    const store = new HeldStore();
    const source = new ScriptedSource({
      ...{ kind: "stream", reads: 20, delay: 10 },
      end: end === "source fails" ? "fail" : "end",
    });
    const signal = new CountedSignal();
    let loaded = 0;
    const run = etl<number>({
      name: "numbers",
      extract: () => source.source,
      load: async ([n], { signal }) => {
        if (n === 12 && end === "load fails") throw failure;
        if (n! % 3 !== 0) await wait(15);
        signal.throwIfAborted();
        loaded++;
      },
    }).start({ checkpoints: store, workers: 3, signal: signal.signal });
    const outcome = outcomeOf(run.finished);
    await pass(100, 5);
    expect(run.snapshot().checkpoint!.offset).toBeGreaterThan(2);
    if (end === "drain") run.drain();
    else if (end === "abort") run.abort();
    else if (end === "signal") signal.abort(failure);
    await pass(1000, 5);
    expect(outcome.state).not.toBe("pending");
    const value = outcome.value as RunReport & { report?: RunReport };
    const report = value.report ?? value;
    expect(report.outcome).toBe(outcomes[end]);
    const { checkpoint } = report;
    expect(store.inner.read("numbers")).toEqual(checkpoint);
    expect(run.snapshot().checkpoint).toEqual(checkpoint);
    const { offset, done } = checkpoint!;
    expect(offset + done.reduce((count, [from, to]) => count + to - from, 0)).toBe(loaded);
    expect(report.loaded).toBe(loaded);
    expect(store.calls.at(-1)).toBe("release");
    expect(store.inner.claim("numbers", { runId: "x", until: 1 }, 0).runId).toBe("x");
    expect(signal.listeners).toBe(0);
  });

  it("calls and claims nothing if its signal has aborted before", async () => {
    const store = new HeldStore();
    const { extract, load } = { extract: vi.fn(() => [1]), load: vi.fn() };
    const signal = AbortSignal.abort(failure);
    const pipeline = etl<number>({ name: "numbers", extract, load });
    for (const drainTimeout of [0, 10_000]) {
      const run = outcomeOf(pipeline.run({ checkpoints: store, signal, drainTimeout }));
      await settle();
      expect(run.value).toBeInstanceOf(CancelledError);
      expect("checkpoint" in (run.value as CancelledError).report!).toBe(false);
    }
    expect(store.calls).toEqual([]);
    expect([extract, load].map(({ mock }) => mock.calls)).toEqual([[], []]);
  });

  it("is a CheckpointError if 'position' throws, and loads nothing of the batch", async () => {
    const store = new HeldStore();
    const loaded: number[] = [];
    const load = (items: number[]) => void loaded.push(...items);
    const position = (n: number) => {
      if (n === 4) throw failure;
      return n;
    };
    const letters: unknown[] = [];
    const deadLetters = () => new WritableStream({ write: (letter) => void letters.push(letter) });
    const options = { checkpoints: store, position, deadLetters, retry: { maxAttempts: 9 } };
    const run = outcomeOf(
      etl<number>({ name: "numbers", extract: () => [0, 1, 2, 3, 4, 5], load }).run(options),
    );
    await settle();
    expect(run.value).toMatchObject({ stage: "checkpoints", cause: failure, attempts: 1 });
    expect(loaded).toEqual([0, 1, 2, 3]);
    expect(letters).toEqual([]);
    expect(store.inner.read("numbers")).toMatchObject({ offset: 4, position: 3 });
  });

  it("stores dead letters written before it failed", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const letters: number[] = [];
    const deadLetters = new WritableStream({ write: ({ item }) => void letters.push(item) });
    const load = () => Promise.reject(failure);
    const pipeline = etl<number>({ name: "numbers", extract: () => [0, 1, 2, 3], load });
    const options = { checkpoints, deadLetters, maxDeadLetters: 2, batchSize: 4 };
    const run = outcomeOf(pipeline.run(options));
    await settle();
    expect(run.value).toMatchObject({ stage: "deadLetters", report: { deadLettered: 2 } });
    expect(letters).toEqual([0, 1]);
    expect(checkpoints.read("numbers")).toMatchObject({ offset: 2, done: [] });
  });

  it("reports an earlier failure first if 'position' throws after it", async () => {
    const load = () => {
      throw failure;
    };
    let letters = 0;
    const deadLetters = new WritableStream({
      write: () => {
        if (++letters === 2) throw new Error("full");
      },
    });
    const position = (n: number) => {
      if (n === 0) throw new Error("no position");
      return n;
    };
    const checkpoints = new MemoryCheckpointStore();
    const pipeline = etl<number>({ name: "numbers", extract: () => [0, 1], load });
    const options = { checkpoints, position, deadLetters, isolate: "none", batchSize: 2 } as const;
    const run = outcomeOf(pipeline.run(options));
    await settle();
    expect(run.value).toMatchObject({ stage: "deadLetters", cause: new Error("full") });
    expect(checkpoints.read("numbers")).toBe(undefined);
  });
});
