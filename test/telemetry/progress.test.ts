import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  etl,
  type Pipeline,
  type PipelineError,
  type RunOptions,
  type RunSnapshot,
} from "../../src/index.ts";
import { settle } from "../support/outcomes/outcome.ts";
import { ScriptedSource } from "../support/run/sources.ts";
import { after, wait } from "../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Starts a run that loads an item every 100 ms, ten of them. */
function tenItems(options: RunOptions<number> = {}) {
  const extract = () => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  return etl<number>({ name: "ten", extract, load: () => wait(100) }).start(options);
}

describe("onProgress", () => {
  it("is called at every interval, and once at the end", async () => {
    const told: [string, number, number][] = [];
    const onProgress = ({ state, loaded, duration }: RunSnapshot) =>
      void told.push([state, loaded, duration]);
    const run = tenItems({ onProgress, progressInterval: 330 });
    await vi.advanceTimersByTimeAsync(900);
    run.drain();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([
      ["running", 3, 330],
      ["running", 6, 660],
      ["draining", 9, 990],
      ["ended", 10, 1000],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is called every second by default", async () => {
    const onProgress = vi.fn();
    const run = tenItems({ onProgress });
    await vi.advanceTimersByTimeAsync(999);
    expect(onProgress).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(onProgress).toHaveBeenCalled();
    await run.finished;
  });

  it("is called for the last time before the run settles, even if it fails", async () => {
    const order: string[] = [];
    const load = () => Promise.reject(new Error("no"));
    const run = etl<number>({ name: "failing", extract: () => [1], load }).start({
      onProgress: ({ state, pending }) => void order.push(`${state}, ${pending} pending`),
      progressInterval: Infinity,
    });
    run.finished.catch(() => order.push("rejected"));
    await settle();
    expect(order).toEqual(["ended, 1 pending", "rejected"]);
  });

  it("does not affect the run if it throws, which the host reports as uncaught", async () => {
    const thrown: unknown[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
    const error = new Error("the screen is gone");
    const onProgress = () => {
      throw error;
    };
    const { value } = await after(2000, tenItems({ onProgress, progressInterval: 400 }).finished);
    expect(value).toMatchObject({ outcome: "completed", loaded: 10 });
    expect(thrown).toEqual([error, error, error]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may stop the run", async () => {
    const run = tenItems({ onProgress: () => void run.drain(), progressInterval: 250 });
    const { value } = await after(5000, run.finished);
    expect(value).toMatchObject({ outcome: "drained", pending: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("run.progress()", () => {
  it("yields a snapshot at every interval and one at the end, then closes", async () => {
    const run = tenItems();
    const told: [string, number][] = [];
    const reading = (async () => {
      const reader = run.progress({ interval: 330 }).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        told.push([value.state, value.loaded]);
      }
    })();
    await vi.advanceTimersByTimeAsync(5000);
    await reading;
    expect(told).toEqual([["running", 3], ["running", 6], ["running", 9], ["ended", 10]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has a timer only while somebody reads", async () => {
    const run = etl<number>({
      name: "idle",
      extract: () => new ReadableStream<number>(),
      load: () => {},
    }).start();
    const reader = run.progress({ interval: 300 }).getReader();
    await vi.advanceTimersByTimeAsync(1000);
    expect(vi.getTimerCount()).toBe(0);
    const read = reader.read();
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(300);
    expect((await read).value).toMatchObject({ state: "running", duration: 1300 });
    expect(vi.getTimerCount()).toBe(0);
    run.drain();
    await settle();
    expect((await reader.read()).value).toMatchObject({ state: "ended" });
    expect((await reader.read()).done).toBe(true);
  });

  it("leaves no timer when it is cancelled, and does not affect the run", async () => {
    const run = tenItems();
    const [first, second] = [run.progress({ interval: 300 }), run.progress({ interval: 300 })];
    const reader = first.getReader();
    void reader.read();
    await settle();
    expect(vi.getTimerCount()).toBe(2); // The load has one.
    await reader.cancel();
    expect(vi.getTimerCount()).toBe(1);
    await second.cancel();
    const { value } = await after(5000, run.finished);
    expect(value).toMatchObject({ loaded: 10 });
  });

  it("yields the last snapshot even after the end, and even if the run has failed", async () => {
    const load = () => Promise.reject(new Error("no"));
    const run = etl<number>({ name: "failing", extract: () => [1], load }).start();
    await settle();
    const reader = run.progress().getReader();
    expect((await reader.read()).value).toEqual(run.snapshot());
    expect((await reader.read()).done).toBe(true);
  });

  it.each([0, -1, NaN, "1s", null])("throws for an interval of %o", (interval) => {
    const run = tenItems();
    const shown = typeof interval === "string" ? `"${interval}"` : interval;
    const options = { interval } as { interval: number };
    expect(() => run.progress(options)).toThrow(
      `Cannot watch progress as 'interval' must be a number above 0: current value is ${shown}`,
    );
    expect(() => run.progress({ intervall: 1 } as object)).toThrow(
      "'intervall' must be a known option, perhaps 'interval': current value is 1",
    );
    run.abort();
  });
});

describe("run.snapshot()", () => {
  it("shows what the run is doing", async () => {
    const run = tenItems();
    const states = [run.snapshot().state];
    await vi.advanceTimersByTimeAsync(50);
    run.drain();
    states.push(run.snapshot().state);
    run.abort();
    states.push(run.snapshot().state);
    await after(5000, run.finished);
    states.push(run.snapshot().state);
    expect(states).toEqual(["running", "draining", "aborting", "ended"]);
  });

  it("is plain data with the name, the run id and the start", async () => {
    const startedAt = Date.now();
    const run = tenItems();
    await vi.advanceTimersByTimeAsync(250);
    const snapshot = run.snapshot();
    expect(snapshot).toMatchObject({ name: "ten", runId: run.runId, startedAt, duration: 250 });
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    await vi.advanceTimersByTimeAsync(5000);
    const { state, ...rest } = run.snapshot();
    const { outcome, bottleneck, guarantee, ...report } = await run.finished;
    expect(report).toMatchObject(rest);
    expect([state, outcome, bottleneck]).toEqual(["ended", "completed", "load"]);
    expect(guarantee).toBe("at-least-once");
  });
});

describe("bottleneck of a snapshot", () => {
  const items = 20;
  const slow: Record<string, [number, Partial<Pipeline<number>>]> = {
    extract: [10, {}],
    transform: [0, { transform: (n) => wait(10).then(() => n) }],
    load: [0, { load: () => wait(10) }],
  };
  const cases = Object.keys(slow).flatMap((stage) =>
    [1, 3].map((workers) => [stage, workers] as const)
  );

  it.each(cases)("is a slow %s of %i workers", async (stage, workers) => {
    const [delay, members] = slow[stage]!;
    const source = new ScriptedSource({ kind: "async", reads: items, end: "end", delay });
    const pipeline = { name: "slow", extract: () => source.source, load: () => {}, ...members };
    const run = etl<number>(pipeline).start({ workers });
    for (let time = 0; time < 300; time += 30) {
      await vi.advanceTimersByTimeAsync(30);
      addUp(run.snapshot());
    }
    const report = await run.finished;
    addUp(report);
    expect(report.bottleneck).toBe(stage);
    const { busy, starved, blocked } = report.stages[stage as "load"];
    expect(busy / report.duration).toBeGreaterThan(0.9);
    expect(starved + blocked).toBeLessThan(report.duration / 10);
    if (stage === "load") expect(report.stages.extract.blocked).toBeGreaterThan(0);
    if (stage === "extract") expect(report.stages.load.starved).toBe(report.duration);
  });

  it.each(["transform", "load"] as const)("is a %s that blocks the thread", async (stage) => {
    const hold = (n: number) => (vi.advanceTimersByTime(10), n);
    const members = { load: () => {}, [stage]: hold };
    const source = new ScriptedSource({ kind: "sync", reads: items, end: "end" });
    const pipeline = { name: "held", extract: () => source.source, ...members };
    const run = etl<number>(pipeline).start();
    await vi.advanceTimersByTimeAsync(300);
    const { bottleneck, stages, duration } = await run.finished;
    expect(bottleneck).toBe(stage);
    expect(duration).toBe(10 * items);
    expect(stages[stage].busy).toBe(duration);
    expect(stages.extract).toEqual({ busy: 0, starved: 0, blocked: duration });
  });

  it("counts no time for a source that could not be opened", async () => {
    const pipeline = {
      name: "closed",
      extract: () => wait(10).then(() => Promise.reject(new Error("no"))),
      load: () => {},
      finalize: () => wait(90),
    };
    const { value } = await after(100, etl<number>(pipeline).run());
    const { duration, stages } = (value as PipelineError).report!;
    expect(duration).toBe(100);
    expect(stages.extract).toEqual({ busy: 10, starved: 90, blocked: 0 });
  });

  function addUp({ stages, duration }: RunSnapshot | Omit<RunSnapshot, "state">): void {
    for (const { busy, starved, blocked } of Object.values(stages)) {
      expect(busy + starved + blocked).toBeCloseTo(duration, 6);
    }
  }
});
