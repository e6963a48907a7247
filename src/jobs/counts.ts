import type { PartitionCounts } from "./job-store.ts";

/** No items. */
export const noCounts: PartitionCounts = Object.freeze({
  ...{ extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, returned: 0, pending: 0 },
  ...{ earlier: 0, rows: 0 },
});

const names = Object.keys(noCounts) as (keyof PartitionCounts)[];

/** Adds up the counts of both. With a `sign` of -1, subtracts those of the second. */
export function addCounts(a: PartitionCounts, b: PartitionCounts, sign = 1): PartitionCounts {
  const sums: Record<keyof PartitionCounts, number> = { ...noCounts };
  for (const name of names) sums[name] = a[name] + sign * b[name];
  return sums;
}
