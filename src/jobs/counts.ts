import type { PartitionCounts } from "./job-store.ts";

/** No items. */
export const noCounts: PartitionCounts = Object.freeze({
  ...{ extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, returned: 0, pending: 0 },
  ...{ earlier: 0, rows: 0 },
});

const names = Object.keys(noCounts) as (keyof PartitionCounts)[];

/** The items of both. */
export function addCounts(a: PartitionCounts, b: PartitionCounts): PartitionCounts {
  const sums: Record<keyof PartitionCounts, number> = { ...noCounts };
  for (const name of names) sums[name] = a[name] + b[name];
  return sums;
}
