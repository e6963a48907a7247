import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../src/telemetry/histogram.ts";
import { seeded } from "../support/streams/schedules.ts";

function histogramOf(durations: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const duration of durations) histogram.record(duration);
  return histogram;
}

/** The smallest duration that so many percent do not exceed. */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil(percent * sorted.length / 100) - 1]!;
}

/** Durations of every size: as likely from 2 to 4 µs as from 2 to 4 hours. */
const duration = fc.double({ min: -9, max: 31, noNaN: true }).map((power) => 2 ** power);

describe("Histogram", () => {
  it("has no percentiles before the first duration", () => {
    expect(new Histogram().read()).toBeUndefined();
  });

  it("has percentiles within 5 % of the sorted durations, and the exact maximum", () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 700 }), (durations) => {
        const latency = histogramOf(durations).read()!;
        const sorted = [...durations].sort((a, b) => a - b);
        for (const [name, percent] of [["p50", 50], ["p90", 90], ["p99", 99]] as const) {
          expect(Math.abs(latency[name] / percentile(sorted, percent) - 1), name).toBeLessThan(
            0.05,
          );
        }
        expect(latency.max).toBe(sorted.at(-1));
        expect(latency.p50).toBeLessThanOrEqual(latency.p90);
        expect(latency.p90).toBeLessThanOrEqual(latency.p99);
        expect(latency.p99).toBeLessThanOrEqual(latency.max);
      }),
      seeded,
    );
  });

  it("counts ranks exactly, despite rounding", () => {
    for (let count = 1; count <= 400; count++) {
      for (const [name, percent] of [["p50", 50], ["p90", 90], ["p99", 99]] as const) {
        const rank = Math.ceil(percent * count / 100);
        // All up to the rank are short, and the others long.
        const durations = Array.from({ length: count }, (_, index) => index < rank ? 1 : 1000);
        expect(histogramOf(durations).read()![name], `${name} of ${count}`).toBeLessThan(2);
      }
    }
  });

  it("has a single duration as every percentile", () => {
    expect(histogramOf([8]).read()).toEqual({ p50: 8, p90: 8, p99: 8, max: 8 });
  });

  it("counts a duration of 0 as 0", () => {
    expect(histogramOf([0, 0]).read()).toEqual({ p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it("counts durations of more than two months as the longest", () => {
    const latency = histogramOf([2 ** 40, 1, 1]).read()!;
    expect(latency.max).toBe(2 ** 40);
    expect(latency.p50).toBeCloseTo(1, 1);
    expect(latency.p99).toBeGreaterThan(2 ** 31);
  });
});
