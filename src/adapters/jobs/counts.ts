import { addCounts, noCounts } from "../../jobs/counts.ts";
import type { PartitionCounts } from "../../jobs/job-store.ts";
import type { RunSnapshot } from "../../report-types.ts";

/**
 * Items of a partition by their fate in this run and in those before, which reported
 * `before`. The checkpoint knows best what they did, but not how many rows that made.
 */
export function countsOf(
  run: Omit<RunSnapshot, "state">,
  before: PartitionCounts,
): PartitionCounts {
  const { extracted, loaded, skipped, deadLettered, returned, pending, earlier } = run;
  const rows = earlier > 0 ? run.rows + before.rows : run.rows;
  const own = { extracted, loaded, skipped, deadLettered, returned, pending, earlier, rows };
  if (run.earlierCounts === undefined) return own;
  return addCounts(own, {
    ...{ ...noCounts, ...run.earlierCounts },
    ...{ extracted: earlier, earlier: -earlier },
  });
}
