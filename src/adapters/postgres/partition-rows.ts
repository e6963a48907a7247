import type { PartitionCounts, PartitionResult } from "../../jobs/job-store.ts";
import { partitionCounts } from "./bookkeeping.ts";
import type { Database } from "./database.ts";

/** The sums of what became of the items of some partitions. */
export const sumsOfCounts: string = partitionCounts.map((name) => `coalesce(sum(${name}), 0)::text`)
  .join(", ");

/** Counts of the items of a partition, as columns that are cast to text. */
export const countsAsText: string = partitionCounts.map((name) => `${name}::text`).join(", ");

/** Sets the counts to what a JSON array has, given as the first parameter. */
export function setCounts(database: Database): string {
  return partitionCounts.map((name, index) => `${name} = (${database.json}->>${index})::bigint`)
    .join(", ");
}

/** Returns counts as `setCounts` accepts them. */
export function textOf(counts: PartitionCounts): string {
  const { extracted, loaded, skipped, deadLettered, returned, pending, earlier, rows } = counts;
  return JSON.stringify(
    [extracted, loaded, skipped, deadLettered, returned, pending, earlier, rows],
  );
}

/** Returns counts from the values of their columns. */
export function countsOf(numbers: readonly unknown[]): PartitionCounts {
  const [extracted = 0, loaded = 0, skipped = 0, deadLettered = 0, ...rest] = numbers.map(Number);
  const [returned = 0, pending = 0, earlier = 0, rows = 0] = rest;
  return { extracted, loaded, skipped, deadLettered, returned, pending, earlier, rows };
}

/** A partition that is settled, by its columns. */
export function resultOf(
  [id, state, begun, failures, error, ...counts]: readonly unknown[],
): PartitionResult {
  return {
    partition: String(id),
    state: state as PartitionResult["state"],
    begun: Number(begun),
    failures: Number(failures),
    ...countsOf(counts),
    ...(typeof error === "string" && { error }),
  };
}
