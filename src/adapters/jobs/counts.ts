import { addCounts, noCounts } from "../../jobs/counts.ts";
import type { PartitionCounts } from "../../jobs/job-store.ts";
import type { RunSnapshot } from "../../report-types.ts";

/**
 * What became of the items of a partition, by this run of it and those before, which have told
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
