import { isOf } from "../../errors.ts";
import {
  anyObject,
  callable,
  checkOptions,
  fail,
  type OptionTable,
  type Rule,
} from "../../options.ts";
import { Etl } from "../../etl/etl.ts";
import type { OtelApi, OtelAttributes, OtelMeter, OtelTracer } from "./otel-api.ts";
import { InstrumentedEtl } from "./instrumented-etl.ts";
import { Meters } from "./meters.ts";
import type { Telemetry } from "./run-watch.ts";
import { Tracing } from "./scope.ts";

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** The module `@opentelemetry/api`, which provides a tracer, a meter and the active context. */
  api?: OtelApi | undefined;
  /** Tracer for the spans. By default, `api` provides one under the name `"millrace"`. */
  tracer?: OtelTracer | undefined;
  /** Meter for the metrics. By default, `api` provides one under the name `"millrace"`. */
  meter?: OtelMeter | undefined;
  /** Additional attributes of every span and every metric. Use few values: each one creates a series. */
  attributes?: OtelAttributes | undefined;
}

/** An object with these functions, some of them inside. */
function withFunctions(words: string, ...paths: readonly string[]): Rule {
  const at = (value: unknown, path: string) =>
    path.split(".").reduce<unknown>((inner, name) => Object(inner)[name], value);
  return {
    expected: words,
    test: (value) => paths.every((path) => callable.test(at(value, path))),
  };
}

const instrumentOptions: OptionTable<InstrumentOptions> = {
  api: [
    withFunctions(
      "the module @opentelemetry/api",
      "context.active",
      "context.with",
      "trace.setSpan",
    ),
  ],
  tracer: [withFunctions("a Tracer of OpenTelemetry", "startSpan")],
  meter: [
    withFunctions(
      "a Meter of OpenTelemetry",
      "createCounter",
      "createUpDownCounter",
      "createHistogram",
    ),
  ],
  attributes: [anyObject, {}],
};

/**
 * Returns a pipeline that does the same and reports to OpenTelemetry: a span for each run, each batch and
 * each call of `load`, with your own spans as their children, and counts and durations. Nothing is
 * recorded per item, so the overhead is almost zero without an SDK.
 *
 * Your observer is still called, and the guarantee stays the same.
 *
 * @example With the API alone, nobody listens
 * ```ts
 * import * as api from "@opentelemetry/api";
 * import { etl } from "millrace";
 * import { instrument } from "millrace/otel";
 * import { equal } from "node:assert/strict";
 *
 * const numbers = etl({ name: "numbers", extract: () => [1, 2, 3], load: () => {} });
 * const report = await instrument(numbers, { api }).run({ batchSize: 2 });
 * equal(report.loaded, 3);
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule, or there is a tracer without
 *   `api`, which provides the parents of its spans.
 */
export function instrument<E, T>(etl: Etl<E, T>, options: InstrumentOptions = {}): Etl<E, T> {
  if (!isOf(etl, Etl<E, T>)) {
    fail("instrument a pipeline", "etl", "the result of etl()", etl);
  }
  return new InstrumentedEtl(
    etl,
    telemetryOf(`instrument pipeline "${etl.name}"`, etl.name, options),
  );
}

/** Returns the receivers of the telemetry of a pipeline with this name, and its meter. */
export function telemetryOf(
  action: string,
  pipeline: string,
  options: InstrumentOptions,
): Telemetry & { readonly meter: OtelMeter | undefined } {
  const { api, tracer = api?.trace.getTracer?.("millrace"), meter, attributes } = checkOptions<
    InstrumentOptions,
    "api" | "tracer" | "meter"
  >(action, options, instrumentOptions);
  if (tracer !== undefined && api === undefined) {
    fail(action, "api", "given with 'tracer': the module @opentelemetry/api", api);
  }
  if (options.attributes !== undefined && (api ?? meter) === undefined) {
    fail(action, "attributes", "omitted without 'api' or 'meter'", attributes);
  }
  const all = { ...attributes, "millrace.pipeline": pipeline };
  const ofApi = api?.metrics?.getMeter("millrace");
  return {
    tracing: api && tracer && new Tracing(api, tracer),
    meters: new Meters({ own: meter, ofApi }, all),
    attributes: all,
    meter: meter ?? ofApi,
  };
}
