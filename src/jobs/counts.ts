import type { PartitionCounts } from "./job-store.ts";

/** No items. */
export const noCounts: PartitionCounts = Object.freeze({
  ...{ extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, returned: 0, pending: 0 },
  ...{ earlier: 0, rows: 0 },
});

/** The items of both. */
export function addCounts(a: PartitionCounts, b: PartitionCounts): PartitionCounts {
  return {
    extracted: a.extracted + b.extracted,
    loaded: a.loaded + b.loaded,
    skipped: a.skipped + b.skipped,
    deadLettered: a.deadLettered + b.deadLettered,
    returned: a.returned + b.returned,
    pending: a.pending + b.pending,
    earlier: a.earlier + b.earlier,
    rows: a.rows + b.rows,
  };
}
