import type { PartitionCounts } from "./job-store.ts";

/**
 * Progress of a partition: the items that are done. A store keeps the most that was ever reported,
 * by which it knows whether a partition moves or only begins anew each time.
 */
export function itemsDone(counts: PartitionCounts): number {
  return counts.loaded + counts.skipped + counts.deadLettered + counts.returned +
    counts.earlier;
}
