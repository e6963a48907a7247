/**
 * Reports runs to OpenTelemetry and `node:diagnostics_channel`. It imports no package: you pass in the
 * parts of `@opentelemetry/api`.
 * @module
 */
export { instrument, type InstrumentOptions } from "./otel/instrument.ts";
export {
  type CountedPartitions,
  type InstrumentableJob,
  type InstrumentedJob,
  instrumentJob,
} from "./otel/instrument-job.ts";
export type {
  OtelApi,
  OtelAttributes,
  OtelContext,
  OtelCounter,
  OtelHistogram,
  OtelInstrumentOptions,
  OtelMeter,
  OtelSpan,
  OtelSpanOptions,
  OtelTracer,
} from "./otel/otel-api.ts";
export { publishDiagnostics } from "./otel/publish-diagnostics.ts";
