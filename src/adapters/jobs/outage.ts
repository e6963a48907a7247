import type { Lease, PartitionCounts } from "../../jobs/job-store.ts";
import { sleep } from "../../runtime/deadline.ts";

/** The average wait until a store is called again, in milliseconds. */
const pause = 1000;

/** Patience with a store that is away. */
export interface Patience {
  /** For how long it is called again, in milliseconds. */
  readonly lease: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Returns true if an error means that the store could not be reached. */
  readonly isOutage: (error: unknown) => boolean;
}

/**
 * Calls a store, and retries while it cannot be reached. Rejects with its error after the time of a
 * lease, as any lease is lost by then; with the reason of the signal if that aborts before.
 */
export async function reach<R>(
  call: () => Promise<R>,
  { lease, signal, isOutage }: Patience,
): Promise<R> {
  let lostAt: number | undefined;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const now = performance.now();
      const left = (lostAt ??= now) + lease - now;
      if (left <= 0 || !isOutage(error)) throw error;
      // Many have lost it at one instant, and are not to come back at one.
      await sleep(Math.min(left, pause * (0.5 + Math.random())), signal);
      signal?.throwIfAborted();
    }
  }
}

/** A lease whose end is reported as soon as its store can be reached. */
export interface PatientLease extends Lease {
  /** Extends the lease for the last time, and reports the progress of its run. */
  tell(counts: PartitionCounts): Promise<unknown>;
}

/** A lease that is settled or given back as soon as its store is there, whatever has aborted. */
export function patientLease(lease: Lease, patience: Omit<Patience, "signal">): PatientLease {
  const { partition, begun, failures, counts } = lease;
  return {
    ...{ partition, begun, failures, counts },
    extend: (counts) => lease.extend(counts), // Who extends it comes again anyway.
    tell: (counts) => reach(() => lease.extend(counts), patience),
    settle: (settlement) => reach(() => lease.settle(settlement), patience),
    giveBack: (options) => reach(() => lease.giveBack(options), patience),
  };
}
