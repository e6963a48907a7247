import * as api from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { commitsTo } from "../../../src/adapters/checkpoint.ts";
import { instrument } from "../../../src/adapters/otel.ts";
import {
  ConfigurationError,
  etl,
  EtlManager,
  type LoadContext,
  MemoryCheckpointStore,
  type Pipeline,
  replay,
  type RunEvent,
} from "../../../src/index.ts";
import { OtelRecorder } from "../../support/otel/recorder.ts";
import { numbers, pipelineOf } from "../../support/otel/runs.ts";

describe("the pipeline that instrument() returns", () => {
  class Loader implements Pipeline<number> {
    readonly name = "class";
    readonly #rows: number[] = [];
    extract = () => numbers(3);
    transform(n: number) {
      return n + this.#rows.length * 0;
    }
    load(rows: number[]) {
      this.#rows.push(...rows);
    }
    get rows() {
      return this.#rows;
    }
  }

  it("runs a class with its own fields", async () => {
    const loader = new Loader();
    const otel = new OtelRecorder();
    await instrument(etl(loader), { api: otel.api }).run();
    await new EtlManager().add(instrument(etl(loader), { api: otel.api })).runAll();
    expect(loader.rows).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it("keeps the guarantee, the defaults and the name", async () => {
    const checkpoints = new MemoryCheckpointStore();
    const load = Object.assign(() => {}, { [commitsTo]: checkpoints });
    const given = etl<number>({ name: "n", extract: () => [1], load }, {
      checkpoints,
      batchSize: 7,
    });
    const instrumented = instrument(given, { api: new OtelRecorder().api });
    expect(instrumented.describe()).toEqual(given.describe());
    expect((await instrumented.run()).guarantee).toBe("effectively-once");
    expect(instrumented.defaults).toEqual(given.defaults);
    expect(instrumented.name).toBe("n");
    expect(instrumented).toBeInstanceOf(given.constructor);
  });

  it.each(["default", "option"])("calls the observer that is given as %s", async (place) => {
    const seen: string[] = [];
    const observer = (event: RunEvent) => void seen.push(event.type);
    const defaults = place === "default" ? { observer } : {};
    const given = etl<number>({ name: "n", extract: () => [1], load: () => {} }, defaults);
    const progress: number[] = [];
    const onProgress = ({ loaded }: { loaded: number }) => void progress.push(loaded);
    const instrumented = instrument(given, { api: new OtelRecorder().api });
    await instrumented.run(place === "option" ? { observer, onProgress } : { onProgress });
    expect(seen).toEqual(["run:start", "batch:load", "run:end"]);
    expect(progress.at(-1)).toBe(1);
  });

  it.each(["of a manager", "of a replay"])("is reported beside the observer %s", async (whose) => {
    const seen: string[] = [];
    const observer = (event: RunEvent) => void seen.push(event.type);
    const otel = new OtelRecorder();
    const twice = instrument(instrument(pipelineOf({}, 1), { api: otel.api }), { api: otel.api });
    const letter = { item: 1, error: "no", attempts: 1, pipeline: "n", runId: "r", at: 0 };
    if (whose === "of a manager") await new EtlManager({ observer }).add(twice).runAll();
    else await replay([{ ...letter, offset: 0, stage: "load" }], twice).run({ observer });
    expect(seen).toEqual(["run:start", "batch:load", "run:end"]);
    expect(otel.sums("millrace.items")).toEqual({ all: 2 });
    expect(otel.spans.map(({ ends }) => ends)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("calls the observer although the meter throws", async () => {
    const seen: string[] = [];
    const broken = () => {
      throw new Error("broken");
    };
    const otel = new OtelRecorder();
    const meter = { ...otel.meter, createHistogram: () => ({ record: broken }) };
    const observer = (event: RunEvent) => void seen.push(event.type);
    const given = etl<number>({ name: "n", extract: () => [1], load: () => {} }, { observer });
    await instrument(given, { meter }).run().catch(() => {});
    expect(seen.at(-1)).toBe("run:end");
  });

  it("is recorded when a manager runs it, or a replay", async () => {
    const otel = new OtelRecorder();
    const active: (string | undefined)[] = [];
    const transform = (n: number) => (active.push(otel.active?.name), n);
    const contexts: LoadContext[] = [];
    const load = (_: number[], context: LoadContext) => void contexts.push(context);
    const instrumented = instrument(pipelineOf({ transform, load }, 1), { api: otel.api });
    await new EtlManager().add(instrumented).runAll();
    const names = ["run n", "batch n", "load n"];
    expect(otel.spans.map(({ name }) => name)).toEqual(names);
    expect(active).toEqual(["run n"]);
    instrumented.pipeline.load([1], contexts[0]!); // The run is over: nobody is told.
    expect(otel.spans).toHaveLength(3);
    const letter = { item: 1, error: "no", attempts: 1, pipeline: "n", runId: "r", at: 0 };
    await replay([{ ...letter, offset: 0, stage: "transform" }], instrumented).run();
    expect(otel.spans.map(({ name }) => name)).toEqual([...names, ...names]);
    expect(otel.spans.every(({ ends }) => ends === 1)).toBe(true);
    expect(otel.sums("millrace.items")).toEqual({ all: 2 });
  });

  it("measures items, and not letters, of a replay that is instrumented", async () => {
    const sized: number[] = [];
    const letter = { item: 7, error: "no", attempts: 1, pipeline: "n", runId: "r", at: 0 };
    const replaying = replay([{ ...letter, offset: 0, stage: "load" as const }], pipelineOf());
    await instrument(replaying, { api }).run({ sizeOf: (item) => sized.push(item) });
    expect(sized).toEqual([7]);
  });

  it("ends the span of a run that is rejected", async () => {
    const otel = new OtelRecorder();
    const deadLetters = new WritableStream();
    deadLetters.getWriter();
    const instrumented = instrument(pipelineOf(), { api: otel.api });
    await expect(instrumented.run({ deadLetters })).rejects.toBeInstanceOf(ConfigurationError);
    expect(otel.spans.map(({ ends, status }) => [ends, status?.code])).toEqual([[1, 2]]);
    await expect(instrumented.run({ batchSize: 0 })).rejects.toBeInstanceOf(ConfigurationError);
    expect(otel.spans).toHaveLength(1);
  });

  it("behaves the same with the API alone", async () => {
    const loaded: number[] = [];
    const given = pipelineOf({ load: async (rows) => void loaded.push(...rows) });
    const report = await instrument(given, { api }).run({ batchSize: 2, workers: 2 });
    expect(loaded).toEqual([0, 1, 2, 3]);
    expect(report).toMatchObject({ outcome: "completed", loaded: 4, batches: 2 });
  });

  it.each([
    [
      { tracer: api.trace.getTracer("t") },
      "'api' must be given with 'tracer': the module @opentelemetry/api: current value is undefined",
    ],
    [{ api: {} }, "'api' must be the module @opentelemetry/api: current value is an object"],
    [{ api, tracer: 5 }, "'tracer' must be a Tracer of OpenTelemetry: current value is 5"],
    [{ meter: {} }, "'meter' must be a Meter of OpenTelemetry: current value is an object"],
    [{ attributes: 5 }, "'attributes' must be an object: current value is 5"],
    [
      { trace: api.trace },
      "'trace' must be a known option, perhaps 'tracer': current value is an instance of TraceAPI",
    ],
  ])("is not made for %o, with the whole sentence", (options, sentence) => {
    const error = new ConfigurationError(`Cannot instrument pipeline "n" as ${sentence}`);
    expect(() => instrument(pipelineOf(), options as never)).toThrow(error);
  });

  it("is not made for a value that is not a pipeline", () => {
    expect(() => instrument({ name: "n" } as never)).toThrow(
      new ConfigurationError(
        "Cannot instrument a pipeline as 'etl' must be the result of etl(): current value is an object",
      ),
    );
  });
});
