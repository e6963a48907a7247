import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Checkpoint,
  etl,
  FencedError,
  MemoryCheckpointStore,
  type RunEvent,
  type RunOptions,
  type RunReport,
  skip,
} from "../../../src/index.ts";
import { emitterOf } from "../../../src/telemetry/emitter.ts";
import { RunMetrics } from "../../../src/run/run-metrics.ts";
import { batchOf } from "../../../src/run/batch.ts";
import { Counts } from "../../../src/run/counts.ts";
import { wait } from "../../support/run/time.ts";
import { kinds, record, type Recorded, times } from "../../support/run/recorded-events.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(123); // The clock does not begin with the run.
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const failure = new Error("it failed");
const fail = () => Promise.reject(failure);

/** Lets the run come to its end, and gives its report. */
async function endOf({ run }: Recorded, time = 60_000): Promise<RunReport> {
  const report = run.finished.catch((error) => error.report as RunReport);
  await vi.advanceTimersByTimeAsync(time);
  expect(vi.getTimerCount()).toBe(0);
  return report;
}

/** What an event says beside whose it is. */
function said({ events, run }: Recorded): Omit<RunEvent, "pipeline" | "runId">[] {
  return events.map(({ pipeline, runId, ...rest }) => {
    expect([pipeline, runId]).toEqual(["watched", run.runId]);
    return rest;
  });
}

describe("the observer of a run", () => {
  it("receives the start, each batch and the end of a run that completes", async () => {
    const recorded = record({
      extract: () => [1, 2, 3],
      transform: (n) => wait(5).then(() => n),
      load: () => wait(20),
    }, { batchSize: 2 });
    const report = await endOf(recorded);
    expect(said(recorded).filter(({ type }) => type !== "batch:transform")).toEqual([
      { type: "run:start", time: 0 },
      {
        ...{ type: "batch:load", time: 25, sequence: 0, offset: 0, size: 2 },
        ...{ loaded: 2, skipped: 0, deadLettered: 0 },
        times: times(0, 5, 5, 25),
      },
      {
        ...{ type: "batch:load", time: 45, sequence: 1, offset: 2, size: 1 },
        ...{ loaded: 1, skipped: 0, deadLettered: 0 },
        times: times(5, 10, 25, 45),
      },
      { type: "run:end", time: 45, report },
    ]);
    expect(report.outcome).toBe("completed");
  });

  it("receives retries and dead letters", async () => {
    const letters: unknown[] = [];
    const recorded = record(
      { extract: () => [1, 2], load: ([n]) => n === 2 ? fail() : undefined },
      {
        retry: { maxAttempts: 2, baseDelay: 30, jitter: "none" },
        deadLetters: new WritableStream({ write: (letter) => void letters.push(letter) }),
      },
    );
    await endOf(recorded);
    const [letter] = letters;
    expect(said(recorded).slice(1, -1)).toMatchObject([
      { type: "batch:load", time: 0, sequence: 0 },
      {
        ...{ type: "batch:retry", time: 0, sequence: 1, stage: "load", attempt: 1, delay: 30 },
        error: failure,
      },
      { type: "item:dead-letter", time: 30, sequence: 1, letter },
      { type: "batch:load", time: 30, sequence: 1, size: 1, times: times(0, 0, 0, 30) },
    ]);
  });

  it("receives retries of the transform", async () => {
    let calls = 0;
    const recorded = record({
      extract: () => [1],
      transform: (n) => calls++ === 0 ? fail() : n,
      load: () => {},
    }, { retry: { maxAttempts: 2, baseDelay: 30, jitter: "none" } });
    await endOf(recorded);
    expect(said(recorded)[1]).toEqual({
      ...{ type: "batch:retry", time: 0, sequence: 0, stage: "transform", attempt: 1, delay: 30 },
      error: failure,
    });
  });

  it("receives a batch of which nothing was to be loaded", async () => {
    const recorded = record({
      extract: () => [1],
      transformBatch: () => wait(5).then(() => [skip]),
      load: () => {},
    });
    await endOf(recorded);
    expect(said(recorded)[2]).toMatchObject({ sequence: 0, size: 1, times: times(0, 5, 5, 5) });
  });

  it("receives each checkpoint that the store has written", async () => {
    const store = new MemoryCheckpointStore();
    const write = vi.spyOn(store, "write");
    const recorded = record({ extract: () => [1, 2, 3], load: () => wait(10) }, {
      checkpoints: store,
    });
    const { checkpoint } = await endOf(recorded);
    const told = recorded.events.filter((event) => event.type === "checkpoint:write");
    expect(told.map((event) => event.checkpoint)).toEqual(write.mock.calls.map(([, one]) => one));
    expect(told.map((event) => event.checkpoint.offset)).toEqual([1, 2, 3]);
    expect(told.at(-1)!.checkpoint).toEqual(checkpoint);
    expect(Object.keys(told[0]!).sort()).toEqual(
      ["checkpoint", "pipeline", "runId", "time", "type"],
    );
    expect(kinds(recorded.events).at(-1)).toBe("run:end");
  });

  it("receives no checkpoint that the store has failed to write", async () => {
    const store = new MemoryCheckpointStore();
    vi.spyOn(store, "write").mockImplementation(fail);
    const recorded = record({ extract: () => [1], load: () => {} }, { checkpoints: store });
    await endOf(recorded);
    expect(kinds(recorded.events).filter((kind) => kind === "checkpoint:write")).toEqual([]);
  });

  it("receives nothing after the end, though a load settles later", async () => {
    const recorded = record({ extract: () => [1], load: () => wait(5000) }, { abortTimeout: 100 });
    await vi.advanceTimersByTimeAsync(10);
    recorded.run.abort(failure);
    await endOf(recorded);
    expect(kinds(recorded.events)).toEqual(["run:start", "run:abort", "run:end"]);
  });

  it("receives nothing before start() has returned, then all that happened before", async () => {
    const recorded = record({ extract: () => [1], load: () => {} });
    recorded.run.drain();
    recorded.run.abort(failure);
    expect(recorded.events).toEqual([]);
    await endOf(recorded);
    expect(kinds(recorded.events)).toEqual(["run:start", "run:drain", "run:abort", "run:end"]);
    expect(recorded.events[2]).toMatchObject({ reason: failure });
  });
});

describe("the events of a run", () => {
  type Setup = [Parameters<typeof record>[0], RunOptions<number>, string[], string];
  const extract = () => [1, 2];
  const load = () => wait(10);
  const cases: Record<string, Setup> = {
    preProcess: [{ preProcess: fail, extract, load }, {}, ["run:failure preProcess"], "failed"],
    extract: [{ extract: fail, load }, {}, ["run:failure extract"], "failed"],
    source: [
      {
        extract: async function* () {
          yield 1;
          throw failure;
        },
        load,
      },
      {},
      ["run:failure extract", "batch:load 0"],
      "failed",
    ],
    transform: [
      { extract, transform: fail, load },
      {},
      ["run:failure transform", "run:abort"],
      "failed",
    ],
    load: [{ extract, load: fail }, {}, ["run:failure load", "run:abort"], "failed"],
    deadLetters: [
      { extract, load: fail },
      { deadLetters: new WritableStream({ write: fail }) },
      ["run:failure deadLetters", "run:abort"],
      "failed",
    ],
    postProcess: [
      { extract: () => [1], load, postProcess: fail },
      {},
      ["batch:load 0", "run:failure postProcess"],
      "failed",
    ],
    finalize: [
      { extract: () => [1], load, finalize: fail },
      {},
      ["batch:load 0", "run:failure finalize"],
      "failed",
    ],
  };
  it.each(Object.entries(cases))("are complete when it failed: %s", async (_, setup) => {
    const [pipeline, options, between, outcome] = setup;
    const recorded = record(pipeline, options);
    const report = await endOf(recorded);
    expect(report.outcome).toBe(outcome);
    expect(kinds(recorded.events)).toEqual(["run:start", ...between, "run:end"]);
    const told = said(recorded).find((event) => event.type === "run:failure");
    expect(told).toMatchObject({ errors: expect.arrayContaining([failure]) });
    expect(recorded.events.at(-1)).toMatchObject({ report });
  });

  it("are complete when it was drained", async () => {
    const recorded = record({ extract: () => [1, 2, 3, 4, 5, 6, 7], load }, { workers: 2 });
    await vi.advanceTimersByTimeAsync(5);
    recorded.run.drain();
    const report = await endOf(recorded);
    expect(kinds(recorded.events).slice(0, 3)).toEqual(["run:start", "run:drain", "batch:load 0"]);
    expect(said(recorded)[1]).toEqual({
      type: "run:drain",
      time: 5,
      reason: expect.any(DOMException),
    });
    expect(recorded.events.at(-1)).toMatchObject({ type: "run:end", report });
    expect(report.outcome).toBe("drained");
  });

  it.each([
    [0, ["run:start", "run:abort", "run:end"]],
    [15, ["run:start", "run:drain", "batch:load 0", "run:abort", "run:end"]],
  ])("are complete when a signal aborted it, drainTimeout %i", async (drainTimeout, all) => {
    const stop = new AbortController();
    const load = (_: number[], { signal }: { signal: AbortSignal }) =>
      Promise.race([
        wait(10),
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ]);
    const options = { drainTimeout, signal: stop.signal };
    const recorded = record({ extract: () => [1, 2, 3, 4], load }, options);
    await vi.advanceTimersByTimeAsync(3);
    stop.abort(failure);
    const report = await endOf(recorded);
    expect(kinds(recorded.events)).toEqual(all);
    expect(said(recorded)[1]).toMatchObject({ time: 3, reason: failure });
    expect(report.outcome).toBe("aborted");
  });

  it("are complete when its signal had aborted before", async () => {
    const recorded = record({ extract, load }, { signal: AbortSignal.abort(failure) });
    expect(recorded.events).toEqual([]);
    const report = await endOf(recorded);
    expect(said(recorded)).toEqual([
      { type: "run:start", time: 0 },
      { type: "run:abort", time: 0, reason: failure },
      { type: "run:end", time: 0, report },
    ]);
  });

  it("are complete when it was fenced", async () => {
    const store = new MemoryCheckpointStore();
    const recorded = record({ extract: () => [1, 2, 3], load: () => wait(100) }, {
      checkpoints: store,
    });
    await vi.advanceTimersByTimeAsync(150);
    vi.spyOn(store, "write").mockImplementation((key: string, { runId }: Checkpoint) => {
      throw new FencedError(key, `not ${runId}`);
    });
    const report = await endOf(recorded);
    expect(report.outcome).toBe("failed");
    const end = ["run:failure checkpoints", "run:abort"];
    expect(kinds(recorded.events).filter((kind) => end.includes(kind))).toEqual(end);
    expect(kinds(recorded.events).at(-1)).toBe("run:end");
  });
});

describe("a run without an observer", () => {
  it("makes no events", async () => {
    expect(emitterOf([], "name", "id", 0)).toBeUndefined();
    const settings = { workers: 1, trace: false };
    const gauges = new RunMetrics({ settings, emit: undefined, begin: 0 }, new Counts());
    const info = vi.fn(() => ({ sequence: 0, offset: 0, size: 1, attempt: 1 }));
    const batch = Object.defineProperty(batchOf([1], info(), [], 0), "info", { get: info });
    info.mockClear();
    gauges.end(batch);
    expect(info).not.toHaveBeenCalled(); // An event would tell of it.
    const run = etl<number>({ name: "alone", extract: () => [1], load: () => {} }).run();
    await vi.advanceTimersByTimeAsync(10);
    expect(await run).toMatchObject({ loaded: 1 });
  });
});
