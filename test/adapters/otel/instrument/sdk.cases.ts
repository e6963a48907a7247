import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { MeterProvider, MetricReader, type SumMetricData } from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { instrument, publishDiagnostics } from "../../../../src/adapters/otel.ts";
import {
  type Etl,
  etl,
  EtlManager,
  type Pipeline,
  type RunEvent,
  type RunOptions,
} from "../../../../src/index.ts";
import { untilAborted } from "../../../support/run/time.ts";

class Reader extends MetricReader {
  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Gives the others their turns, some more than others. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

/** Tests the telemetry with the SDK, and a context manager that follows promises. */
export function testWithSdk(): void {
  describe("instrument() with the SDK", () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer("test");
    let reader: Reader;
    let meters: MeterProvider;

    beforeAll(() => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    });
    afterAll(() => context.disable());
    beforeEach(() => {
      exporter.reset();
      reader = new Reader();
      meters = new MeterProvider({ readers: [reader] });
    });

    function instrumented(pipeline: Partial<Pipeline<number>>, defaults: RunOptions<number> = {}) {
      const meter = meters.getMeter("test");
      const all = { name: "n", extract: () => numbers(4), load: () => {}, ...pipeline };
      return instrument(etl<number>(all, defaults), { api: { context, trace }, tracer, meter });
    }

    async function spansOf(run: Etl<number>, options: RunOptions<number> = {}) {
      const report = await run.run(options).catch((error) => error.report);
      return { report, spans: exporter.getFinishedSpans() };
    }

    const idOf = (span: ReadableSpan) => span.spanContext().spanId;
    /** The names from the span to its root. */
    function pathOf(span: ReadableSpan): string[] {
      const id = span.parentSpanContext?.spanId;
      const parent = exporter.getFinishedSpans().find((other) => idOf(other) === id);
      if (id !== undefined && parent === undefined) {
        throw new Error(`${span.name}: parent not ended`);
      }
      return [span.name, ...(parent === undefined ? [] : pathOf(parent))];
    }

    async function metrics() {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    }

    it("nests loads in batches, batches in the run, and the run in the caller's span", async () => {
      await tracer.startActiveSpan("caller", async (caller) => {
        await instrumented({}).run({ batchSize: 2 });
        caller.end();
      });
      const spans = exporter.getFinishedSpans();
      const paths = spans.map((span) => pathOf(span).join(" < "));
      const load = "load n < batch n < run n < caller";
      const batch = "batch n < run n < caller";
      expect(paths).toEqual([load, batch, load, batch, "run n < caller", "caller"]);
      expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
      expect(spans[2]!.attributes).toEqual({
        "millrace.pipeline": "n",
        "millrace.batch.sequence": 1,
        "millrace.batch.offset": 2,
        "millrace.batch.size": 2,
        "millrace.load.attempt": 1,
        "millrace.load.rows": 2,
      });
    });

    const workers = 4;
    it.each(["run", "manager"])(
      "does not mix up spans that are made in parallel, in a %s",
      async (way) => {
        const pipeline: Partial<Pipeline<number>> = {
          extract: async function* () {
            for (const n of numbers(40)) {
              await turns(n % 5);
              yield n;
            }
          },
          transform: async (n) => {
            await turns(n % 7);
            tracer.startSpan("mine in transform").end();
            return n;
          },
          load: async (rows, { batch }) => {
            for (let turn = 0; turn < (batch.sequence * 7) % 11; turn++) await undefined;
            const attributes = { "millrace.batch.sequence": batch.sequence, rows: rows.length };
            tracer.startSpan("mine in load", { attributes }).end();
          },
        };
        const run = instrumented(pipeline, { batchSize: 2, workers });
        await (way === "run" ? run.run() : new EtlManager().add(run).runAll());
        const spans = exporter.getFinishedSpans();
        const mine = spans.filter(({ name }) => name === "mine in load");
        expect(mine).toHaveLength(20);
        for (const span of mine) {
          expect(pathOf(span)).toEqual(["mine in load", "load n", "batch n", "run n"]);
          const parent = spans.find((other) => idOf(other) === span.parentSpanContext?.spanId);
          const sequence = "millrace.batch.sequence";
          expect(parent!.attributes[sequence]).toBe(span.attributes[sequence]);
        }
        const mapped = spans.filter(({ name }) => name === "mine in transform");
        expect(mapped).toHaveLength(40);
        for (const span of mapped) expect(pathOf(span)).toEqual(["mine in transform", "run n"]);
      },
    );

    it("distinguishes runs of one pipeline that run at once", async () => {
      const load = () => turns(5);
      const run = instrumented({ load }, { batchSize: 1 });
      const reports = await Promise.all([run.run(), run.run(), run.run()]);
      const spans = exporter.getFinishedSpans();
      const roots = spans.filter(({ name }) => name === "run n");
      expect(roots.map(({ attributes }) => attributes["millrace.run.id"]).toSorted())
        .toEqual(reports.map(({ runId }) => runId).toSorted());
      const traces = roots.map((root) => root.spanContext().traceId);
      expect(new Set(traces).size).toBe(3);
      for (const trace of traces) {
        const own = spans.filter((span) => span.spanContext().traceId === trace);
        expect(own).toHaveLength(9);
      }
    });

    it("nests all attempts in their batch, with their errors", async () => {
      const load = async (_: number[], { batch }: { batch: { attempt: number } }) => {
        await turns(3);
        if (batch.attempt < 3) throw new RangeError(`no ${batch.attempt}`);
      };
      const retry = { maxAttempts: 3, baseDelay: 1, maxDelay: 1 };
      const { spans } = await spansOf(instrumented({ load }), { batchSize: 4, retry });
      const loads = spans.filter(({ name }) => name === "load n");
      expect(loads.map(({ status }) => status)).toEqual([
        { code: 2, message: "no 1" },
        { code: 2, message: "no 2" },
        { code: 0 },
      ]);
      expect(loads.map((span) => pathOf(span))).toEqual(
        Array(3).fill(["load n", "batch n", "run n"]),
      );
      expect(loads[0]!.events.map(({ name, attributes }) => [name, attributes])).toEqual([
        ["exception", {
          "exception.type": "RangeError",
          "exception.message": "no 1",
          "exception.stacktrace": expect.stringContaining("no 1"),
        }],
      ]);
    });

    it("ends every span of a run that fails", async () => {
      const fail = async (rows: number[]) => {
        await turns(3);
        if (rows.includes(2)) throw new Error("no 2");
      };
      const failed = await spansOf(instrumented({ load: fail }), { batchSize: 1, workers: 2 });
      expect(failed.report.outcome).toBe("failed");
      const root = failed.spans.at(-1)!;
      expect([root.name, root.status]).toEqual(["run n", { code: 2, message: "no 2" }]);
      for (const span of failed.spans) expect(pathOf(span).at(-1)).toBe("run n");
    });

    it("ends every span of a run that is aborted", async () => {
      const load = (_: number[], { signal }: { signal: AbortSignal }) => untilAborted(signal);
      const run = instrumented({ load }).start({ workers: 2, batchSize: 1 });
      await turns(20);
      await run.abort(new Error("enough")).catch(() => {});
      const spans = exporter.getFinishedSpans();
      expect(spans.map((span) => [span.name, span.status.code])).toEqual([
        ...Array(2).fill([["load n", 2], ["batch n", 2]]).flat(),
        ["run n", 0],
      ]);
      for (const span of spans) expect(pathOf(span).at(-1)).toBe("run n");
    });

    it("measures what the report says", async () => {
      const load = async (_: number[], { batch }: { batch: { attempt: number } }) => {
        if (batch.attempt === 1) throw new TypeError("no");
      };
      const retry = { maxAttempts: 2, baseDelay: 1, maxDelay: 1 };
      await instrumented({ load }).run({ batchSize: 2, retry });
      const told = Object.fromEntries((await metrics()).map((metric) => [
        metric.descriptor.name,
        [
          metric.descriptor.unit,
          ...(metric as SumMetricData).dataPoints.map(({ value, attributes }) => [
            typeof value === "number" ? value : (value as { count: number }).count,
            attributes["millrace.outcome"] ?? attributes["error.type"],
          ]),
        ],
      ]));
      expect(told).toEqual({
        "millrace.items": ["{item}", [4, "loaded"]],
        "millrace.batches": ["{batch}", [2, undefined]],
        "millrace.retries": ["{retry}", [2, "TypeError"]],
        "millrace.runs": ["{run}", [1, "completed"]],
        "millrace.in_flight": ["{load}", [0, undefined]],
        "millrace.batch.duration": ["s", [2, undefined]],
        "millrace.load.duration": ["s", [2, "TypeError"], [2, undefined]],
        "millrace.run.duration": ["s", [1, "completed"]],
      });
      const monotonic = (await metrics()).filter((metric) => "isMonotonic" in metric)
        .map((metric) => [metric.descriptor.name, (metric as SumMetricData).isMonotonic]);
      expect(Object.fromEntries(monotonic)).toMatchObject({
        "millrace.items": true,
        "millrace.in_flight": false,
      });
    });
  });
}

/** Tests what is published where there is `node:diagnostics_channel`. */
export function testDiagnostics(): void {
  describe("publishDiagnostics()", () => {
    it("publishes each event while somebody has subscribed", async () => {
      const seen: string[] = [];
      const take = (event: unknown) => {
        const { pipeline, type } = event as RunEvent;
        seen.push(`${pipeline} ${type}`);
      };
      const run = etl<number>({ name: "n", extract: () => [1], load: () => {} }, {
        observer: publishDiagnostics(),
      });
      await run.run();
      subscribe("millrace:run", take);
      await run.run();
      unsubscribe("millrace:run", take);
      await run.run();
      expect(seen).toEqual(["n run:start", "n batch:load", "n run:end"]);
    });
  });
}
