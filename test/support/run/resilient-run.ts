import { expect, vi } from "vitest";
import {
  etl,
  type Pipeline,
  PipelineError,
  type RunOptions,
  type RunReport,
} from "../../../src/index.ts";
import { after } from "./time.ts";

/** A pipeline of the items 0 to 7, which are loaded in batches of 4, one after the other. */
export function start(
  members: Partial<Pipeline<number, unknown>> = {},
  options: RunOptions<number> = {},
): ReturnType<ReturnType<typeof etl<number, unknown>>["start"]> {
  const extract = () => [0, 1, 2, 3, 4, 5, 6, 7];
  const pipeline = { name: "numbers", extract, load: () => {}, ...members };
  return etl<number, unknown>(pipeline).start({ batchSize: 4, ...options });
}

/** Lets such a run have its time, and gives its report. */
export async function reportOf(
  members: Partial<Pipeline<number, unknown>> = {},
  options: RunOptions<number> = {},
): Promise<RunReport> {
  const { state, value } = await after(100_000, start(members, options).finished);
  if (state !== "fulfilled") throw value;
  expect(vi.getTimerCount()).toBe(0);
  expectSum(value as RunReport);
  return value as RunReport;
}

/** Lets such a run have its time, and gives the error that it must fail with. */
export async function failureOf(
  members: Partial<Pipeline<number, unknown>> = {},
  options: RunOptions<number> = {},
): Promise<PipelineError> {
  const { value } = await after(100_000, start(members, options).finished);
  expect(value).toBeInstanceOf(PipelineError);
  expect(vi.getTimerCount()).toBe(0);
  expectSum((value as PipelineError).report!);
  return value as PipelineError;
}

/** Each item counts once. */
export function expectSum(report: Omit<RunReport, "outcome" | "bottleneck" | "guarantee">): void {
  const { extracted, loaded, skipped, deadLettered, pending } = report;
  expect(loaded + skipped + deadLettered + pending).toBe(extracted);
  expect(Math.min(loaded, skipped, deadLettered, pending)).toBeGreaterThanOrEqual(0);
}
