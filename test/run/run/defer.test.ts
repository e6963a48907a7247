import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  etl,
  MemoryCheckpointStore,
  type Pipeline,
  type PipelineContext,
  type PipelineError,
  type RunOptions,
} from "../../../src/index.ts";
import { outcomeOf } from "../../support/outcomes/outcome.ts";
import { untilAborted, wait } from "../../support/run/time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Begins a run that notes the order of its end. */
function begin(told: string[], members: Partial<Pipeline<number, unknown>> = {}) {
  return etl<number, unknown>({
    name: "numbers",
    extract: ({ defer }) => {
      defer(() => void told.push("extract"));
      return [1, 2];
    },
    load: () => {},
    finalize: () => void told.push("finalize"),
    ...members,
  }).start({ batchSize: 1 });
}

describe("defer", () => {
  it("calls back after finalize, the last one first, each after the other", async () => {
    const told: string[] = [];
    const slowly = (name: string) => async () => {
      await wait(10);
      told.push(name);
    };
    const run = begin(told, {
      preProcess: ({ defer }) => defer(slowly("preProcess")),
      transform: (n, { defer }) => (defer(slowly(`transform ${n}`)), n),
      load: ([row], { defer }) => defer(() => void told.push(`load ${row}`)),
      postProcess: ({ defer }) => defer(() => void told.push("postProcess")),
      finalize: (_, { defer }) => {
        told.push("finalize");
        defer(() => void told.push("finalize's own"));
      },
    });
    await vi.advanceTimersByTimeAsync(1000);
    await run.finished;
    expect(told).toEqual([
      ...["finalize", "finalize's own", "postProcess", "load 2", "transform 2", "load 1"],
      ...["transform 1", "extract", "preProcess"],
    ]);
  });

  it.each<[string, Partial<Pipeline<number, unknown>>, (run: ReturnType<typeof begin>) => unknown]>(
    [
      ["fails", { load: () => Promise.reject(new Error("full")) }, () => {}],
      ["is aborted", { load: (_, { signal }) => untilAborted(signal) }, (run) => run.abort()],
      ["is drained", { load: () => wait(10) }, (run) => run.drain()],
    ],
  )("calls back when the run %s", async (_, members, end) => {
    const told: string[] = [];
    const run = begin(told, members);
    await vi.advanceTimersByTimeAsync(1);
    Promise.resolve(end(run)).catch(() => {});
    await vi.advanceTimersByTimeAsync(1000);
    await run.finished.catch(() => {});
    expect(told).toEqual(["finalize", "extract"]);
  });

  it("calls all, and tells what each has thrown as failures of finalize", async () => {
    const told: string[] = [];
    const run = begin(told, {
      preProcess: ({ defer }) => {
        defer(() => Promise.reject(new Error("first")));
        defer(() => {
          throw new Error("second");
        });
      },
    });
    const error = await run.finished.catch((error: unknown) => error) as PipelineError;
    expect(error.stage).toBe("finalize");
    expect(error.errors.map((each) => (each as Error).message)).toEqual(["second", "first"]);
    expect(told).toEqual(["finalize", "extract"]);
  });

  it("calls at once what comes when the run is over, and harms nobody by what it throws", async () => {
    const told: string[] = [];
    const given: PipelineContext[] = [];
    const run = begin(told, { preProcess: (context) => void given.push(context) });
    await run.finished;
    given[0]!.defer(() => void told.push("late"));
    given[0]!.defer(() => Promise.reject(new Error("nobody asks")));
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(["finalize", "extract", "late"]);
  });

  it.each<[string, RunOptions<number>]>([
    ["its letters", { deadLetters: () => new WritableStream({ close: () => wait(100) }) }],
    [
      "its claim",
      { checkpoints: Object.assign(new MemoryCheckpointStore(), { release: () => wait(100) }) },
    ],
  ])("calls back what comes while the run closes %s, and waits for it", async (_, options) => {
    const told: string[] = [];
    const later = ({ defer }: PipelineContext) =>
      void wait(50).then(() => defer(() => wait(10).then(() => void told.push("late"))));
    const run = etl({
      name: "late",
      extract: () => [1],
      load: () => {},
      finalize: (_, c) => later(c),
    })
      .start(options);
    void run.finished.then(() => told.push("over"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual(["late", "over"]);
  });

  it("waits no longer than `abortTimeout` for each, once the run is aborted", async () => {
    const told: string[] = [];
    const run = etl({
      name: "numbers",
      extract: ({ defer }) => {
        defer(() => void told.push("first"));
        defer(() => wait(100_000));
        return [1];
      },
      load: (_, { signal }) => untilAborted(signal),
    }).start({ abortTimeout: 10 });
    await vi.advanceTimersByTimeAsync(1);
    const settled = outcomeOf(run.abort());
    await vi.advanceTimersByTimeAsync(50);
    expect([settled.state, told]).toEqual(["rejected", ["first"]]);
  });
});
