import type { PartitionCounts } from "./job-store.ts";

/**
 * Returns the progress of a partition: its finished items. A store keeps the highest number ever
 * reported, to detect a partition that makes no progress from one start to the next.
 */
export function itemsDone(counts: PartitionCounts): number {
  return counts.loaded + counts.skipped + counts.deadLettered + counts.returned +
    counts.earlier;
}
