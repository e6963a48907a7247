import type { JobStore, Lease, PartitionCounts, PartitionResult } from "../../jobs/job-store.ts";

/** Defines a test of a store, whose leases last so many milliseconds. */
export type DefineJobTest = (
  name: string,
  test: (store: JobStore) => Promise<void>,
  lease?: number,
) => void;

/** Counts of some items by their fate. */
export const counts: PartitionCounts = {
  ...{ extracted: 8, loaded: 2, skipped: 1, deadLettered: 1, returned: 3, pending: 1 },
  ...{ earlier: 7, rows: 4 },
};

/** Adds partitions. */
export async function add(store: JobStore, ...ids: readonly string[]): Promise<void> {
  await store.add(ids.map((id) => ({ id, descriptor: id })));
}

/** Takes a partition, which has to be there. */
export async function take(store: JobStore): Promise<Lease> {
  const lease = await store.take("worker");
  if (lease === undefined) throw new Error("take: expected a partition, got nothing");
  return lease;
}

/** Takes a partition once the lease of another one is over. */
export async function takeLater(store: JobStore): Promise<Lease> {
  for (;;) {
    const lease = await store.take("worker");
    if (lease !== undefined) return lease;
    await pause();
  }
}

/** Waits for a moment. */
export function pause(): Promise<void> {
  return new Promise((go) => void setTimeout(go, 5));
}

/** Progress of a job: its state; total, completed, dead, cancelled, held. */
export async function read(
  store: JobStore,
): Promise<readonly [string, readonly [number, number, number, number, number]]> {
  const { state, partitions } = await store.read();
  const { total, completed, dead, cancelled, held } = partitions;
  return [state, [total, completed, dead, cancelled, held]];
}

/** All results. */
export async function resultsOf(store: JobStore): Promise<PartitionResult[]> {
  const results: PartitionResult[] = [];
  for await (const result of store.results()) results.push(result);
  return results;
}
