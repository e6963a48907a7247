import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeadLetter } from "../../../../src/index.ts";
import {
  expectWhole,
  pipelineOf,
  placeOf,
  recordRun,
  startRecorded,
} from "../../../support/otel/runs.ts";
import { untilAborted, wait } from "../../../support/run/time.ts";

describe("instrument() of a run in which something fails", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("makes a span for each attempt, with the error of a failed one", async () => {
    const load = (_: number[], { batch }: { batch: { attempt: number } }) => {
      if (batch.attempt < 3) throw new TypeError(`no ${batch.attempt}`);
    };
    const { otel, report } = await recordRun(pipelineOf({ load }, 2), {
      retry: { maxAttempts: 3 },
    });
    const [batch] = otel.named("batch");
    const loads = otel.named("load");
    expect(loads.map(({ parent }) => parent)).toEqual([batch, batch, batch]);
    expect(loads.map(({ status }) => status)).toEqual([
      { code: 2, message: "no 1" },
      { code: 2, message: "no 2" },
      undefined,
    ]);
    expect(loads[0]!.errors).toEqual([{ name: "TypeError", message: "no 1" }]);
    expect(loads.map(({ attributes }) => attributes["millrace.load.attempt"])).toEqual([1, 2, 3]);
    expect(batch!.status).toBeUndefined();
    expect(batch!.events.map(({ name }) => name)).toEqual(["millrace.retry", "millrace.retry"]);
    expect(otel.valuesOf("millrace.retries")[0]!.attributes).toEqual({
      "millrace.pipeline": "n",
      "millrace.stage": "load",
      "error.type": "TypeError",
    });
    expect(
      otel.valuesOf("millrace.load.duration").map(({ attributes }) => attributes["error.type"]),
    )
      .toEqual(["TypeError", "TypeError", undefined]);
    expectWhole(otel, report);
  });

  it("uses the code of an error as its type if it is a string", async () => {
    const errors = [Object.assign(new Error(), { code: "ECONNRESET" }), new DOMException("", "E")];
    const load = () => Promise.reject(errors.shift());
    const { otel } = await recordRun(pipelineOf({ load }), { retry: { maxAttempts: 3 } });
    const types = otel.valuesOf("millrace.load.duration").map(({ attributes }) =>
      attributes["error.type"]
    );
    expect(types).toEqual(["ECONNRESET", "E", "_OTHER"]);
  });

  it("counts the retries of a transform", async () => {
    let calls = 0;
    const transform = (n: number) => {
      if (calls++ === 0) throw new Error("once");
      return n;
    };
    const { otel, report } = await recordRun(pipelineOf({ transform }), {
      retry: { maxAttempts: 2 },
    });
    expect(otel.sums("millrace.retries", "millrace.stage")).toEqual({ transform: 1 });
    expectWhole(otel, report);
  });

  it("says in the span of the run which items could not be transformed", async () => {
    const deadLetters = () => new WritableStream();
    const transform = (n: number) => {
      if (n < 3) throw new Error(`no ${n}`);
      return n;
    };
    const { otel, report } = await recordRun(pipelineOf({ transform }), { deadLetters });
    expect(otel.spans[0]!.events.map(({ attributes }) => attributes["millrace.error"]))
      .toEqual(["no 0", "no 1", "no 2"]);
    expect(otel.named("batch").map(placeOf)).toEqual([[0, 0, 2], [1, 2, 2]]);
    expectWhole(otel, report);
  });

  it("says which items were dead-lettered", async () => {
    const letters: DeadLetter[] = [];
    const deadLetters = () => new WritableStream({ write: (letter) => void letters.push(letter) });
    const load = (rows: number[]) => {
      if (rows.includes(2)) throw new Error("no 2");
    };
    const { otel, report } = await recordRun(pipelineOf({ load }), { batchSize: 4, deadLetters });
    expect(letters).toHaveLength(1);
    const [batch] = otel.named("batch");
    expect(batch!.events).toEqual([{
      name: "millrace.dead_letter",
      attributes: {
        "millrace.stage": "load",
        "millrace.offset": 2,
        "millrace.attempts": 1,
        "millrace.error": "no 2",
      },
    }]);
    expect(otel.named("load").map(({ attributes }) => attributes["millrace.load.rows"]))
      .toEqual([4, 2, 2, 1, 1]);
    expectWhole(otel, report);
  });

  it.each(["sync", "async"])("says why a run failed, in a %s load", async (kind) => {
    const load = (rows: number[]) => {
      if (!rows.includes(2)) return;
      if (kind === "sync") throw new RangeError("no");
      return Promise.reject(new RangeError("no"));
    };
    const { otel, report } = await recordRun(pipelineOf({ load }));
    const failed = { code: 2, message: "no" };
    expect(otel.spans.map(({ name, status }) => [name, status])).toEqual([
      ["run n", failed],
      ["batch n", undefined],
      ["load n", undefined],
      ["batch n", failed],
      ["load n", failed],
    ]);
    expect(otel.spans.map(({ attributes }) => attributes["error.type"]))
      .toEqual(["RangeError", undefined, undefined, "RangeError", "RangeError"]);
    // It is an event of the span that it came from, and of no other.
    const errors = [{ name: "RangeError", message: "no" }];
    expect(otel.spans.map((span) => span.errors)).toEqual([[], [], [], [], errors]);
    expect(otel.spans[0]!.attributes["millrace.outcome"]).toBe("failed");
    expectWhole(otel, report);
  });

  it.each(["extract", "transform", "preProcess", "finalize"])(
    "records a %s that fails",
    async (at) => {
      const fail = () => {
        throw new Error(`no ${at}`);
      };
      const { otel, report } = await recordRun(pipelineOf({ [at]: fail }));
      expect(otel.spans[0]!.status).toEqual({ code: 2, message: `no ${at}` });
      expect(otel.spans[0]!.attributes["error.type"]).toBe("Error");
      expect(otel.spans[0]!.errors).toEqual([{ name: "Error", message: `no ${at}` }]);
      expectWhole(otel, report);
    },
  );

  it("ends every span of a run that is aborted", async () => {
    const load = (_: number[], { signal }: { signal: AbortSignal }) => untilAborted(signal);
    const { otel, run, running } = startRecorded(pipelineOf({ load }), { workers: 2 });
    await vi.advanceTimersByTimeAsync(10);
    expect(otel.sums("millrace.in_flight")["all"]).toBe(2);
    run.abort(new Error("enough"));
    const { report } = await running;
    expect(report.outcome).toBe("aborted");
    const failed = { code: 2, message: "enough" };
    expect(otel.spans.map(({ status }) => status)).toEqual([undefined, ...Array(4).fill(failed)]);
    expect(otel.spans.flatMap(({ errors }) => errors)).toHaveLength(1); // Of both loads.
    expect(otel.spans[0]!.events).toEqual([
      { name: "millrace.abort", attributes: { "millrace.reason": "enough" } },
    ]);
    expectWhole(otel, report);
  });

  it("ends the span of a load that ignores its signal when the run is over", async () => {
    const { otel, run, running } = startRecorded(pipelineOf({ load: () => wait(60_000) }));
    await vi.advanceTimersByTimeAsync(10);
    run.abort(new Error("enough"));
    await vi.advanceTimersByTimeAsync(5000);
    const { report } = await running;
    expect(report.pending).toBe(4);
    expectWhole(otel, report);
    await vi.advanceTimersByTimeAsync(60_000); // The load ends at last, and nobody is told.
    expectWhole(otel, report);
  });

  it("ends the span of a load that took too long when it is retried", async () => {
    const load = (_: number[], { batch }: { batch: { attempt: number } }) =>
      batch.attempt === 1 ? wait(1000) : undefined;
    const { otel, report } = await recordRun(pipelineOf({ load }, 2), {
      retry: { maxAttempts: 2, attemptTimeout: 100 },
    });
    const [first, second] = otel.named("load");
    expect(first!.errors).toEqual([
      { name: "TimeoutError", message: "The call took longer than 100 ms" },
    ]);
    expect(second!.status).toBeUndefined();
    const durations = otel.valuesOf("millrace.load.duration").map(({ value }) => value);
    expect(durations).toEqual([0.1, 0]);
    expectWhole(otel, report);
  });

  it("does not count a load that stops at its deadline as a success", async () => {
    const load = (
      _: number[],
      { batch, signal }: { batch: { attempt: number }; signal: AbortSignal },
    ) =>
      batch.attempt === 1
        ? new Promise((done) => signal.addEventListener("abort", done))
        : undefined;
    const { otel, report } = await recordRun(pipelineOf({ load }, 2), {
      retry: { maxAttempts: 2, attemptTimeout: 100 },
    });
    expect(otel.named("load").map(({ status }) => status?.code)).toEqual([2, undefined]);
    expect(report.loaded).toBe(2);
    expectWhole(otel, report);
  });
});
