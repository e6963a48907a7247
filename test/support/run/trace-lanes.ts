import { expect } from "vitest";
import type { RunTrace } from "../../../src/index.ts";

/** No two batches are loaded by one worker at the same time. */
export function checkLanes({ batches }: RunTrace, workers: number): void {
  const byLane = Map.groupBy(
    batches.filter(({ loadStartedAt, endedAt: ended }) => ended > loadStartedAt),
    ({ lane }) => lane,
  );
  for (const [lane, mine] of byLane) {
    expect(lane).toBeLessThan(workers);
    const sorted = [...mine].sort((a, b) =>
      a.loadStartedAt - b.loadStartedAt || a.endedAt - b.endedAt
    );
    for (let index = 1; index < sorted.length; index++) {
      expect(sorted[index]!.loadStartedAt).toBeGreaterThanOrEqual(sorted[index - 1]!.endedAt);
    }
  }
}
