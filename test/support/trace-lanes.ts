import { expect } from "vitest";
import type { RunTrace } from "../../src/index.ts";

/** No two batches are loaded by one worker at the same time. */
export function checkLanes({ batches }: RunTrace, workers: number): void {
  const byLane = Map.groupBy(
    batches.filter(({ begun, ended }) => ended > begun),
    ({ lane }) => lane,
  );
  for (const [lane, mine] of byLane) {
    expect(lane).toBeLessThan(workers);
    const sorted = [...mine].sort((a, b) => a.begun - b.begun || a.ended - b.ended);
    for (let index = 1; index < sorted.length; index++) {
      expect(sorted[index]!.begun).toBeGreaterThanOrEqual(sorted[index - 1]!.ended);
    }
  }
}
