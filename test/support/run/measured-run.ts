import { expect, vi } from "vitest";
import {
  etl,
  type Pipeline,
  type RunOptions,
  type RunReport,
  type RunSnapshot,
} from "../../../src/index.ts";

/** A pipeline of numbers whose name does not matter. */
export type Measured = Omit<Pipeline<number, number>, "name">;

/** Runs a pipeline to its end on the fake clock; the times add up at every step of it. */
export async function measure(
  pipeline: Measured,
  options: RunOptions<number> = {},
  step = 7,
): Promise<{ report: RunReport; snapshots: RunSnapshot[] }> {
  const run = etl<number, number>({ name: "measured", ...pipeline }).start(options);
  const snapshots: RunSnapshot[] = [];
  let isOver = false;
  run.finished.then(() => isOver = true, () => isOver = true);
  while (!isOver && snapshots.length < 2000) {
    await vi.advanceTimersByTimeAsync(step);
    snapshots.push(run.snapshot());
  }
  snapshots.forEach(addUp);
  const report = await run.finished.catch((error) => error.report as RunReport);
  addUp(report);
  return { report, snapshots };
}

/** The times of each stage add up to the time of the run, and none of them is below 0. */
export function addUp({ stages, duration }: Pick<RunSnapshot, "stages" | "duration">): void {
  for (const times of Object.values(stages)) {
    const { busy, starved, blocked, backoff = 0, limited = 0 } = times;
    expect(busy + starved + blocked + backoff + limited).toBeCloseTo(duration, 6);
    // What is left for `starved` is a difference of fractions.
    for (const time of Object.values<number>({ ...times })) expect(time).toBeGreaterThan(-1e-6);
  }
}

/** The numbers below `count`, at once. */
export function quickly(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
