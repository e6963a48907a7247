import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chunks, etl } from "../../src/index.ts";
import { explain } from "../../src/explain/explain.ts";
import { wait } from "../support/run/time.ts";
import { runReport, runTrace, tracedBatch } from "../support/report/run-reports.ts";

const latency = { p50: 52, p90: 60, p99: 70, max: 80 };

describe("explain()", () => {
  it("says that the source is slow, and what the load would allow", () => {
    const report = runReport({ extract: { busy: 0.93 }, load: { busy: 0.08 }, rate: 8000 });
    expect(explain(report)).toBe(
      "The source holds this run back: the run waited for it 93 % of the time. Try a faster source, or " +
        "one that gives many items at once (`chunks()`); more `workers` do not help. At most: the " +
        "load with its workers would allow about 100,000 items/s, 13 times as many.",
    );
  });

  it("leaves out a bound without information", () => {
    const report = runReport({ extract: { busy: 0.93 }, load: { busy: 0.001 } });
    expect(explain(report)).not.toContain("At most");
  });

  it("says that all workers load, and how many would be enough by Little's law", () => {
    const report = runReport({
      extract: { busy: 0.1, blocked: 0.9 },
      transform: { blocked: 0.9 },
      load: { busy: 0.98 },
      ...{ rate: 8000, latency, trace: runTrace(4) },
    });
    expect(explain(report)).toBe(
      "The load holds this run back: its workers were at work 98 % of the time, and half of the " +
        "batches took at least 52 ms from the bucket to the end (about 416 items in flight). Try " +
        "more `workers` or a larger `batchSize` (about 50 items now), if the target takes more at " +
        "once. At most: the source alone would allow about 80,000 items/s, 10 times as many; more " +
        "than 40 workers would not help.",
    );
  });

  it("suggests no number of workers that is far off", () => {
    const report = runReport({
      extract: { busy: 0.02, blocked: 0.9 },
      transform: { blocked: 0.9 },
      load: { busy: 0.98 },
      trace: runTrace(4),
    });
    expect(explain(report)).toMatch(/about 50,000 items\/s, 50 times as many\.$/);
  });

  it("says that the one worker loads if there is only one", () => {
    const load = { busy: 0.98 };
    const idle = { extract: { blocked: 0.9 }, transform: { blocked: 0.9 } };
    const report = runReport({ ...idle, load });
    expect(explain(report)).toContain(
      "The load holds this run back: its workers were at work 98 %",
    );
    const one = runReport({ ...idle, load, workers: 1 });
    expect(explain(one)).toContain("The load holds this run back: its one worker was at work 98 %");
  });

  it.each(
    [
      ["transform", { busy: 0.25 }, { busy: 0.19 }, "less work for each item, `transformBatch`"],
      ["load", { busy: 0 }, { busy: 0.25 }, "a larger `batchSize` if every call costs much"],
    ] as const,
  )("detects a %s that blocks the thread by idle workers", (stage, transform, load, tip) => {
    const words = explain(runReport({ extract: { blocked: 0.8 }, transform, load }));
    expect(words).toContain(`The ${stage} holds this run back: its code occupies the only thread`);
    expect(words).toContain(`More \`workers\` do not help; try ${tip}`);
    expect(words).not.toContain("At most");
  });

  it("detects a load that blocks the thread by a trace in which nothing else happens", () => {
    const batches = Array.from({ length: 20 }, (_, n) => {
      return tracedBatch(n, [n * 50, n * 50, n * 50, n * 50 + 49]);
    });
    const parts = { extract: { blocked: 0.97 }, load: { busy: 0.98 } };
    const words = (every: number) =>
      explain(
        runReport({
          ...parts,
          transform: { blocked: 0.9 },
          trace: { ...runTrace(1), batches, every },
        }),
      );
    expect(words(1)).toContain("The load holds this run back: its code occupies the only thread");
    expect(words(2)).toContain("its one worker was at work"); // What happened between is not known.
  });

  it("detects a transform that blocks the thread of one worker, while loads wait", () => {
    const batches = Array.from({ length: 20 }, (_, n) => {
      const from = n * 50;
      return tracedBatch(n, [from, from + 48, from + 48, from + 99]);
    });
    const parts = { extract: { blocked: 0.97 }, transform: { busy: 0.97 }, load: { busy: 0.2 } };
    expect(explain(runReport({ ...parts, trace: { ...runTrace(1), batches } })))
      .toContain("The transform holds this run back: its code occupies the only thread");
  });

  it.each(
    [
      ["loads end meanwhile", 50, 60],
      ["loads keep the thread as well", 40, 9],
    ] as const,
  )("does not suspect a transform of blocking the thread if %s", (_, mapped, load) => {
    const batches = Array.from({ length: 20 }, (_, n) => {
      const done = n * 50 + mapped - 1;
      return tracedBatch(n, [n * 50, done, done, done + load]);
    });
    const parts = { extract: { blocked: 0.97 }, transform: { busy: 0.97 }, load: { busy: 0.2 } };
    expect(explain(runReport({ ...parts, trace: { ...runTrace(1), batches } })))
      .toContain("If it computes rather than waits");
  });

  it("says what a transform may be if it is not known, and only then", () => {
    const parts = { extract: { blocked: 0.9 }, transform: { busy: 0.95 }, load: { busy: 0.1 } };
    const advice =
      "Try more `workers`, a higher `concurrency`, or `transformBatch` with one call " +
      "for many items.";
    const other = "If it computes rather than waits, it needs less work or a thread of its own.";
    const lead = "The transform holds this run back: its";
    const share = "at work 95 % of the time.";
    expect(explain(runReport({ ...parts, workers: 1 })))
      .toBe(`${lead} one worker was ${share} ${advice} ${other}`);
    expect(explain(runReport({ ...parts, workers: 4 })))
      .toBe(`${lead} workers were ${share} ${advice}`);
  });

  it("says that the rate limit is the bottleneck, even if loads take longer than its waits", () => {
    const parts = { extract: { blocked: 0.9 }, transform: { blocked: 0.9 } };
    const report = runReport({ ...parts, load: { busy: 0.6, limited: 0.38 } });
    expect(explain(report)).toBe(
      "The rate limit holds this run back: workers waited for it 38 % of the time. Try a higher " +
        "limit, if the target allows it; more `workers` do not help. At most: the load with its " +
        "workers would allow about 1,670 items/s, 1.7 times as many.",
    );
  });

  it("says that the run waited between attempts", () => {
    const parts = { extract: { blocked: 0.9 }, transform: { blocked: 0.9 } };
    const report = runReport({ ...parts, load: { busy: 0.2, backoff: 0.7 }, retries: 30 });
    expect(explain(report)).toBe(
      "Retries hold this run back: workers waited before another attempt 70 % of the time. See why " +
        "calls fail; fewer retries or a smaller `baseDelay` shorten the wait. At most: the load with " +
        "its workers would allow about 5,000 items/s, 5 times as many.",
    );
  });

  it("says that a run is balanced", () => {
    const report = runReport({ extract: { busy: 0.9 }, load: { busy: 0.85 }, latency });
    expect(explain(report)).toBe(
      "This run is well balanced: the source took 90 % of the time, the load 85 %. Improving one " +
        "of them alone gains little.",
    );
  });

  it("says that there were too few batches", () => {
    const report = runReport({ load: { busy: 0.37 }, batches: 3 });
    expect(explain(report)).toBe(
      "There were too few batches to keep all workers busy: the source was read early, and with 3 batches those of " +
        "the load were at work 37 % of the time. Try a smaller `batchSize`, so that all have " +
        "something to do until the end.",
    );
  });

  it("does not suggest smaller batches if they cannot help", () => {
    const report = { load: { busy: 0.37 }, batches: 3 };
    for (const other of [{ workers: 1 }, { loaded: 3 }]) {
      expect(explain(runReport({ ...report, ...other }))).not.toContain("too little");
    }
  });

  it("says that time went to no stage", () => {
    expect(explain(runReport({ load: { busy: 0.05 } }))).toBe(
      "No stage holds this run back: the busiest was at work 5 % of the time. The rest went to " +
        "hooks such as `preProcess`, checkpoints and start-up.",
    );
    expect(explain(runReport({}))).toContain("the busiest was at work 0 % of the time");
  });

  it("gives no advice about the speed of a run whose time may be that of its start", () => {
    const words = (duration: number) => explain(runReport({ duration, load: { busy: 0.98 } }));
    for (const duration of [0, 10, 199]) {
      expect(words(duration)).toBe(
        `It took ${duration} ms: too short to say what holds it back.`,
      );
    }
    expect(words(200)).toContain("The load holds this run back");
  });

  it("says that nothing happened in a run", () => {
    const none = { extracted: 0, loaded: 0, batches: 0, rate: 0, duration: 12 };
    expect(explain(runReport(none))).toBe("Nothing happened: no item was read in 12 ms.");
    const checkpoint = { offset: 1000, done: [], updatedAt: 0 };
    expect(explain(runReport({ ...none, checkpoint: { ...checkpoint, offset: 0 } })))
      .toBe("Nothing happened: no item was read in 12 ms.");
    expect(explain(runReport({ ...none, checkpoint })))
      .toBe("Nothing was left to do: earlier runs have finished everything in the source.");
  });

  it.each(
    [
      ["failed", 20, "The run failed after 1.00 s, with 20 items pending. "],
      ["aborted", 1, "The run was aborted after 1.00 s, with 1 item pending. "],
      ["drained", 0, "The run was drained after 1.00 s. "],
      ["paused", 0, "The run was paused after 1.00 s. "],
    ] as const,
  )("begins with how a run %s", (outcome, pending, words) => {
    const parts = { extract: { busy: 0.93 } } as const;
    expect(explain(runReport({ ...parts, outcome, pending })))
      .toBe(words + explain(runReport(parts)));
  });

  it("throws for a value that is not a report", () => {
    const run = etl({ name: "p", extract: () => [], load: () => {} }).start();
    expect(() => explain(run as never)).toThrow(
      "Cannot explain a run as 'report' must be a report of run(): current value is ",
    );
    expect(() => explain(undefined as never)).toThrow("current value is undefined");
  });

  it("says nothing wrong if the clock stands still", () => {
    const waits = { extract: { busy: 0.2 }, load: { busy: 0.7 } };
    expect(explain(runReport({ ...waits, clock: "still", duration: 250, latency }))).toBe(
      "The clock of this runtime stands still while code runs, so only waiting is measured: of " +
        "250 ms the source 20 %, the transform 0 % and the load 70 %. What was computed is in none " +
        "of these numbers; more `workers` help only where it waits.",
    );
  });

  it("says the same for the same report, which it does not modify", () => {
    const report = runReport({ load: { busy: 0.9 }, latency, trace: runTrace(2) });
    const before = JSON.stringify(report);
    expect(explain(report)).toBe(explain(JSON.parse(before)));
    expect(JSON.stringify(report)).toBe(before);
  });
});

describe("explain() of real runs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function* pages(delay: number) {
    for (let page = 0; page < 20; page++) {
      await wait(delay);
      yield Array.from({ length: 10 }, (_, n) => n);
    }
  }

  it.each([
    ["the source", 50, 5, "The source holds this run back"],
    ["the load", 5, 50, "The load holds this run back: its one worker was at work 9"],
    ["neither", 50, 50, "This run is well balanced"],
  ])("finds that %s is slow", async (_, read, write, words) => {
    const extract = () => chunks(pages(read));
    const running = etl({ name: "p", extract, load: () => wait(write) })
      .run({ batchSize: 10, trace: true });
    await vi.advanceTimersByTimeAsync(10_000);
    // The clock is a faked one, which stands still nowhere.
    expect(explain({ ...await running, clock: "running" })).toContain(words);
  });
});
