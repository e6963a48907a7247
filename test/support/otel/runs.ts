import { expect, vi } from "vitest";
import { instrument } from "../../../src/adapters/otel.ts";
import { type Etl, etl, type Pipeline, type RunOptions } from "../../../src/index.ts";
import { OtelRecorder, type RecordedSpan } from "./recorder.ts";

export const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A pipeline of numbers with what differs from loading them. */
export function pipelineOf(members: Partial<Pipeline<number>> = {}, count = 4): Etl<number> {
  return etl<number>({ name: "n", extract: () => numbers(count), load: () => {}, ...members });
}

/** Runs an instrumented pipeline, and gives its report or its error. */
export function startRecorded(given: Etl<number>, options: RunOptions<number> = {}) {
  const otel = new OtelRecorder();
  const run = instrument(given, { api: otel.api }).start({ batchSize: 2, ...options });
  const running = run.finished.then(
    (report) => ({ report }),
    (error) => ({ report: error.report }),
  );
  return { otel, run, running };
}

/** Runs it until it is over. */
export async function recordRun(given: Etl<number>, options: RunOptions<number> = {}) {
  const { otel, running } = startRecorded(given, options);
  const settled = running.then(({ report }) => ({ otel, report }));
  await vi.runAllTimersAsync();
  return settled;
}

/** What holds whatever the run does. */
export function expectWhole(otel: OtelRecorder, report: Record<string, unknown>): void {
  expect(otel.spans.map(({ ends }) => ends)).toEqual(otel.spans.map(() => 1));
  expect(otel.spans.map(({ late }) => late)).toEqual(otel.spans.map(() => 0));
  const sums = otel.sums("millrace.items", "millrace.outcome");
  expect(sums["loaded"] ?? 0).toBe(report["loaded"]);
  expect(sums["skipped"] ?? 0).toBe(report["skipped"]);
  expect(sums["dead_lettered"] ?? 0).toBe(report["deadLettered"]);
  expect(otel.sums("millrace.batches")["all"] ?? 0).toBe(report["batches"]);
  expect(otel.sums("millrace.retries")["all"] ?? 0).toBe(report["retries"]);
  expect(otel.sums("millrace.in_flight")["all"] ?? 0).toBe(0);
  expect(otel.sums("millrace.runs", "millrace.outcome")).toEqual({ [`${report["outcome"]}`]: 1 });
  const loads = otel.named("load").length;
  expect(otel.valuesOf("millrace.load.duration")).toHaveLength(loads);
}

export const placeOf = ({ attributes }: RecordedSpan) =>
  ["sequence", "offset", "size"].map((name) => attributes[`millrace.batch.${name}`]);
