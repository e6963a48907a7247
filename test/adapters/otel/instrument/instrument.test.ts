import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { instrument } from "../../../../src/adapters/otel.ts";
import type { OtelTracer } from "../../../../src/adapters/otel.ts";
import { etl, EtlManager, many, type Pipeline, skip } from "../../../../src/index.ts";
import { OtelRecorder } from "../../../support/otel/recorder.ts";
import {
  expectWhole,
  pipelineOf,
  placeOf,
  recordRun,
  startRecorded,
} from "../../../support/otel/runs.ts";
import { wait } from "../../../support/run/time.ts";

describe("instrument()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("makes a span of the run, of each batch and of each load", async () => {
    const { otel, report } = await recordRun(pipelineOf({ load: () => wait(10) }, 3));
    const [run, ...others] = otel.spans;
    expect(otel.spans.map(({ name }) => name)).toEqual(
      ["run n", "batch n", "load n", "batch n", "load n"],
    );
    expect(others.map(({ parent }) => parent)).toEqual([run, others[0], run, others[2]]);
    expect(others.map(placeOf)).toEqual([[0, 0, 2], [0, 0, 2], [1, 2, 1], [1, 2, 1]]);
    expect(others[1]!.attributes).toMatchObject({
      "millrace.pipeline": "n",
      "millrace.load.attempt": 1,
      "millrace.load.rows": 2,
    });
    expect(run!.attributes).toEqual({
      "millrace.pipeline": "n",
      "millrace.run.id": report.runId,
      "millrace.outcome": "completed",
      "millrace.items.extracted": 3,
      "millrace.items.loaded": 3,
      "millrace.items.skipped": 0,
      "millrace.items.dead_lettered": 0,
      "millrace.items.pending": 0,
      "millrace.batches": 2,
      "millrace.retries": 0,
    });
    expect(otel.spans.every(({ status }) => status === undefined)).toBe(true);
    expectWhole(otel, report);
  });

  it("measures in seconds, and counts items", async () => {
    const transform = async (n: number) => (await wait(20), n === 1 ? skip : n);
    const { otel, report } = await recordRun(pipelineOf({ transform, load: () => wait(500) }));
    expect(otel.units).toEqual({
      "millrace.items": "{item}",
      "millrace.batches": "{batch}",
      "millrace.retries": "{retry}",
      "millrace.runs": "{run}",
      "millrace.in_flight": "{load}",
      "millrace.batch.duration": "s",
      "millrace.load.duration": "s",
      "millrace.run.duration": "s",
    });
    expect(otel.valuesOf("millrace.items").map(({ value, attributes }) => [value, attributes]))
      .toEqual([
        [1, { "millrace.pipeline": "n", "millrace.outcome": "loaded" }],
        [1, { "millrace.pipeline": "n", "millrace.outcome": "skipped" }],
        [2, { "millrace.pipeline": "n", "millrace.outcome": "loaded" }],
      ]);
    const seconds = (name: string) => otel.valuesOf(name).map(({ value }) => value);
    expect(seconds("millrace.load.duration")).toEqual([0.5, 0.5]);
    expect(seconds("millrace.batch.duration")[0]).toBeCloseTo(0.52);
    expect(seconds("millrace.run.duration")).toEqual([report.duration / 1000]);
    const [batch] = otel.named("batch");
    expect(batch!.attributes["millrace.batch.transform_duration"]).toBeCloseTo(0.02);
    expect(batch!.attributes["millrace.batch.wait_duration"]).toBeCloseTo(0);
    expectWhole(otel, report);
  });

  it("adds its attributes to every span and every metric", async () => {
    const otel = new OtelRecorder();
    const attributes = { region: "eu" };
    await instrument(pipelineOf(), { api: otel.api, attributes }).run();
    expect(otel.spans.length).toBeGreaterThan(2);
    for (const { attributes } of [...otel.spans, ...otel.measurements]) {
      expect(attributes).toMatchObject({ region: "eu", "millrace.pipeline": "n" });
    }
  });

  it("calls each function with its own span as the active one", async () => {
    const otel = new OtelRecorder();
    const seen: Record<string, string | undefined> = {};
    const see = (name: string) => void (seen[name] = otel.active?.name);
    const pipeline: Pipeline<number> = {
      name: "n",
      preProcess: () => see("preProcess"),
      extract: () => (see("extract"), [1]),
      transformBatch: (items) => (see("transformBatch"), items),
      load: () => see("load"),
      acknowledge: () => see("acknowledge"),
      postProcess: () => see("postProcess"),
      finalize: () => see("finalize"),
    };
    await instrument(etl(pipeline), { api: otel.api }).run();
    const { load, ...others } = seen;
    expect(load).toBe("load n");
    expect(Object.values(others)).toEqual(new Array(6).fill("run n"));
    const failing = { ...pipeline, load: () => Promise.reject(1), reject: () => see("reject") };
    await instrument(etl(failing), { api: otel.api }).run().catch(() => {});
    expect(seen["reject"]).toBe("run n");
  });

  it("makes a span for a batch that has nothing to load", async () => {
    const { otel, report } = await recordRun(pipelineOf({ transform: () => skip }));
    expect(otel.spans.map(({ name }) => name)).toEqual(["run n", "batch n", "batch n"]);
    expect(otel.named("batch").map(placeOf)).toEqual([[0, 0, 2], [1, 2, 2]]);
    expectWhole(otel, report);
  });

  it("records a run that was aborted before it began", async () => {
    const { otel, report } = await recordRun(pipelineOf(), { signal: AbortSignal.abort("no") });
    expect(otel.spans.map(({ name }) => name)).toEqual(["run n"]);
    expect(otel.spans[0]!.attributes["millrace.outcome"]).toBe("aborted");
    expectWhole(otel, report);
  });

  it("records a drain, and a run that is stalled", async () => {
    const extract = () => new ReadableStream<number>();
    const { otel, run, running } = startRecorded(pipelineOf({ extract }), {
      stallTimeout: 100,
    });
    await vi.advanceTimersByTimeAsync(150);
    run.drain();
    await vi.runAllTimersAsync();
    const { report } = await running;
    expect(otel.spans[0]!.events.map(({ name }) => name)).toEqual([
      "millrace.stalled",
      "millrace.drain",
    ]);
    expect(report.outcome).toBe("drained");
    expectWhole(otel, report);
  });

  it("begins a lazy load only once, and sees how it ends", async () => {
    let queries = 0;
    const lazy = { then: (resolve: (value: unknown) => void) => (queries++, resolve(1)) };
    const { otel, report } = await recordRun(pipelineOf({ load: () => lazy }));
    expect(queries).toBe(2);
    expectWhole(otel, report);
    const failing = { then: (_: unknown, reject: (error: unknown) => void) => reject("no") };
    const failed = await recordRun(pipelineOf({ load: () => failing }));
    expect(failed.otel.named("load")[0]!.status).toEqual({ code: 2, message: "no" });
    expectWhole(failed.otel, failed.report);
  });

  it("counts an item once if a batch makes several rows of it", async () => {
    const transformBatch = (items: number[]) => items.map((item) => many([item, item]));
    const { otel, report } = await recordRun(pipelineOf({ transformBatch }));
    expect(otel.named("load")[0]!.attributes["millrace.load.rows"]).toBe(4);
    expect(report.loaded).toBe(4);
    expectWhole(otel, report);
  });

  it("begins the span of a batch that has nothing to load with its transform", async () => {
    const transform = async (): Promise<typeof skip> => (await wait(40), skip);
    const before = Date.now();
    const { otel } = await recordRun(pipelineOf({ transform }, 2));
    expect(otel.named("batch").map(({ startTime }) => startTime! - before)).toEqual([0]);
  });

  it("makes no child spans for a run that no SDK records", async () => {
    const otel = new OtelRecorder("0".repeat(32));
    await instrument(pipelineOf(), { api: otel.api }).run();
    expect(otel.spans.map(({ name }) => name)).toEqual(["run n"]);
    expect(otel.sums("millrace.items")).toEqual({ all: 4 });
  });

  it.each(["its own", "a manager's"])(
    "makes no spans or metrics within %s run before there is an SDK",
    async (whose) => {
      const [silent, sdk] = [new OtelRecorder("0".repeat(32)), new OtelRecorder()];
      let current = silent;
      const { context, trace } = sdk.api;
      const within = vi.spyOn(context, "with");
      const tracer: OtelTracer = { startSpan: (...given) => current.tracer.startSpan(...given) };
      const members = { transform: (n: number) => n + 1, load: () => {} };
      const numbers = instrument(pipelineOf(members), { api: { context, trace }, tracer });
      const run = () =>
        whose === "its own" ? numbers.run() : new EtlManager().add(numbers).runAll();
      await run();
      expect(silent.spans.map(({ name }) => name)).toEqual(["run n"]);
      expect(within).not.toHaveBeenCalled();
      current = sdk;
      await run();
      expect(sdk.spans).toHaveLength(9);
      expect(within).toHaveBeenCalled();
    },
  );

  it("measures with a meter that returns one counter for everything", async () => {
    const add = vi.fn();
    const counter = { add, record: vi.fn() };
    const give = () => counter;
    const meter = { createCounter: give, createUpDownCounter: give, createHistogram: give };
    await instrument(pipelineOf(), { meter }).run({ batchSize: 4 });
    expect(add).toHaveBeenCalledWith(4, expect.objectContaining({ "millrace.pipeline": "n" }));
  });

  it("works without a tracer or without a meter", async () => {
    const otel = new OtelRecorder();
    const { context, trace } = otel.api;
    await instrument(pipelineOf(), { meter: otel.meter }).run();
    expect(otel.spans).toEqual([]);
    expect(otel.sums("millrace.items")).toEqual({ all: 4 });
    await instrument(pipelineOf(), { api: { context, trace }, tracer: otel.tracer }).run();
    expect(otel.spans).toHaveLength(9);
    expect(otel.sums("millrace.items")).toEqual({ all: 4 });
  });
});
