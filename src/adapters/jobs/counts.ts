import type { PartitionCounts } from "../../jobs/job-store.ts";
import type { RunSnapshot } from "../../report-types.ts";

/** No items. */
export const noCounts: PartitionCounts = Object.freeze({
  ...{ extracted: 0, loaded: 0, skipped: 0, deadLettered: 0, pending: 0, earlier: 0 },
});

/** The items of both. */
export function addCounts(a: PartitionCounts, b: PartitionCounts): PartitionCounts {
  return {
    extracted: a.extracted + b.extracted,
    loaded: a.loaded + b.loaded,
    skipped: a.skipped + b.skipped,
    deadLettered: a.deadLettered + b.deadLettered,
    pending: a.pending + b.pending,
    earlier: a.earlier + b.earlier,
  };
}

/** What became of the items of a partition, by this run of it and those before. */
export function countsOf(run: Omit<RunSnapshot, "state">): PartitionCounts {
  const { extracted, loaded, skipped, deadLettered, pending, earlier, earlierCounts } = run;
  const own = { extracted, loaded, skipped, deadLettered, pending, earlier };
  if (earlierCounts === undefined) return own;
  return addCounts(own, { ...earlierCounts, extracted: earlier, pending: 0, earlier: -earlier });
}
