import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { skip } from "../../../src/index.ts";
import { expectWhole, pipelineOf, recordRun, startRecorded } from "../../support/otel/runs.ts";
import { untilAborted, wait } from "../../support/run/time.ts";

const deadLetters = () => new WritableStream();

describe("instrument() of a run that is stopped", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("ends the span of a load that took too long and is given up on", async () => {
    const load = () => wait(60_000);
    const options = { deadLetters, attemptTimeout: 100 };
    const { otel, report } = await recordRun(pipelineOf({ load }, 2), options);
    expect(otel.named("load").map(({ errors }) => errors.map(({ name }) => name)))
      .toEqual([["TimeoutError"]]);
    expectWhole(otel, report);
  });

  it("ends the span of a load that took too long when its batch is halved", async () => {
    const load = (rows: number[]) => rows.length > 1 ? wait(60_000) : undefined;
    const retry = { isRetriable: () => false, attemptTimeout: 100 };
    const { otel, report } = await recordRun(pipelineOf({ load }, 2), { deadLetters, retry });
    expect(otel.named("load").map(({ errors }) => errors.length)).toEqual([1, 0, 0]);
    expectWhole(otel, report);
  });

  it("does not count a load that ends because it took too long as a success", async () => {
    const load = (_: number[], { signal }: { signal: AbortSignal }) =>
      new Promise((done) => signal.addEventListener("abort", done));
    const options = { deadLetters, attemptTimeout: 100 };
    const { otel, report } = await recordRun(pipelineOf({ load }, 2), options);
    expect(report).toMatchObject({ loaded: 0, deadLettered: 2 });
    expect(otel.named("batch")[0]!.status?.code).toBe(2);
    expectWhole(otel, report);
  });

  it("ends a batch that has failed, while another one goes on", async () => {
    const load = async (rows: number[]) => {
      await wait(rows.includes(0) ? 5 : 1000);
      if (rows.includes(0)) throw new Error("no");
    };
    const { otel, running } = startRecorded(pipelineOf({ load }), { workers: 2 });
    await vi.advanceTimersByTimeAsync(10);
    expect(otel.named("batch").map(({ ends }) => ends)).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1000);
    expectWhole(otel, (await running).report);
  });

  it("does not count items of a stopped batch as skipped", async () => {
    const stop: { run?: { abort(): unknown } } = {};
    const load = (rows: number[]) => {
      if (rows.length === 4) throw new Error("no");
      stop.run?.abort();
    };
    const { otel, run, running } = startRecorded(pipelineOf({ load }), {
      batchSize: 4,
      deadLetters,
    });
    stop.run = run;
    await vi.runAllTimersAsync();
    const { report } = await running;
    expect(report).toMatchObject({ loaded: 2, skipped: 0, pending: 2 });
    expectWhole(otel, report);
  });

  it("records nothing of a batch after its end", async () => {
    const slow = () => new WritableStream({ write: () => wait(100) });
    const load = () => Promise.reject(new Error("no"));
    const { otel, run, running } = startRecorded(pipelineOf({ load }, 1), { deadLetters: slow });
    await vi.advanceTimersByTimeAsync(10);
    run.abort(); // While the letter is written.
    await vi.advanceTimersByTimeAsync(100);
    const { report } = await running;
    expect(report.deadLettered).toBe(1);
    expectWhole(otel, report);
  });

  it("counts what a load finished after the run was aborted", async () => {
    const load = () => wait(100);
    const transform = (n: number) => n === 0 ? skip : n;
    const { otel, run, running } = startRecorded(pipelineOf({ load, transform }));
    await vi.advanceTimersByTimeAsync(10);
    run.abort();
    await vi.advanceTimersByTimeAsync(100);
    const { report } = await running;
    expect(report).toMatchObject({ loaded: 1, skipped: 1, pending: 2 });
    expectWhole(otel, report);
  });

  it("counts what was loaded before an acknowledgement failed", async () => {
    const acknowledge = () => Promise.reject(new Error("no"));
    const { otel, report } = await recordRun(pipelineOf({ acknowledge }));
    expect(report).toMatchObject({ outcome: "failed", loaded: 2, batches: 1 });
    expectWhole(otel, report);
  });

  it("records the first failure of a run, and none after an abort", async () => {
    const fail = (message: string) => () => Promise.reject(new Error(message));
    const failed = await recordRun(pipelineOf({ load: fail("first"), finalize: fail("second") }));
    expect(failed.otel.spans[0]!.status).toEqual({ code: 2, message: "first" });

    const load = (_: number[], { signal }: { signal: AbortSignal }) =>
      untilAborted(signal).catch(fail("late"));
    const { otel, run, running } = startRecorded(pipelineOf({ load }));
    await vi.advanceTimersByTimeAsync(10);
    run.abort();
    const { report } = await running;
    expect(report.outcome).toBe("aborted");
    expect(otel.spans[0]!.status).toBeUndefined();
    expect(otel.spans.map(({ errors }) => errors)).toEqual([[], [], [{
      name: "Error",
      message: "late",
    }]]);
    expectWhole(otel, report);
  });
});
