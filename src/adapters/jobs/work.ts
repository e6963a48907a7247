import type { JobStore, JobWatch } from "../../jobs/job-store.ts";
import {
  abortSignal,
  anyObject,
  callable,
  checkOptions,
  fail,
  nonEmptyString,
  oneOf,
  type OptionTable,
  positiveInteger,
  positiveIntegerOrInfinity,
} from "../../options.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import { onAbort } from "../../runtime/signals.ts";
import { checkJob, type Job, jobStore } from "./job.ts";
import { patientLease, reach } from "./outage.ts";
import { type PartitionEnd, runPartition } from "./partition-run.ts";
import { isTransientFailure } from "./transient.ts";

/** The options of `work`. */
export interface WorkOptions<E> {
  /** The store of the partitions, the same as for the coordinator. */
  store: JobStore;
  /** Name of the worker in the store. @default {"worker"} */
  name?: string | undefined;
  /** Number of partitions to run at the same time: a positive integer. @default {1} */
  lanes?: number | undefined;
  /** When it aborts, the running partitions are drained and returned, and the worker ends. */
  signal?: AbortSignal | undefined;
  /**
   * Number of failures after which a partition is dead: a positive integer or `Infinity`.
   * @default {3}
   */
  maxFailures?: number | undefined;
  /**
   * Number of starts by workers that were not heard from again, after which a partition is dead: a
   * positive integer or `Infinity`. Such a partition may kill its process each time.
   * @default {10}
   */
  maxBegun?: number | undefined;
  /**
   * Returns true if a failure is transient, so that the partition is not to blame: it is returned for the
   * duration of a lease, and the failure is not counted. A failed call of the store is then retried for
   * the duration of a lease. By default these are connections that are lost or refused, and servers that
   * start or stop. It is not called for a run that another one has fenced; its partition is always
   * returned. If it throws or does not return a boolean, the worker ends.
   */
  isTransient?: ((error: unknown) => boolean) | undefined;
  /**
   * End of the worker. `"done"`: all partitions are settled; `"never"`: the signal aborts or the job is
   * cancelled, as more partitions may be added.
   * @default {"never"}
   */
  until?: "never" | "done" | undefined;
  /**
   * Options of the run of each partition. A run that is paused by its `budget`, which needs
   * `checkpoints`, returns its partition, and any free worker continues it.
   */
  run?: Omit<RunOptions<E>, "partition" | "signal"> | undefined;
}

const workOptions: OptionTable<WorkOptions<never>> = {
  store: [jobStore],
  name: [nonEmptyString, "worker"],
  lanes: [positiveInteger, 1],
  signal: [abortSignal],
  maxFailures: [positiveIntegerOrInfinity, 3],
  maxBegun: [positiveIntegerOrInfinity, 10],
  isTransient: [callable, isTransientFailure],
  until: [oneOf("never", "done"), "never"],
  run: [anyObject, {}],
};

/**
 * Number of partitions by their outcome for a worker. `"fenced"` ones, whose key another run has, and
 * `"returned"` ones have not failed: they are given back. `"lost"` ones now have a lease of another
 * worker.
 */
export type WorkSummary = Readonly<Record<PartitionEnd, number>>;

/**
 * Runs the partitions of a job, one after the other in each lane, until none is left. Each is an ordinary
 * run with the option `partition`; with checkpoints it resumes where a previous worker stopped. A worker
 * may be killed or frozen at any moment: another one takes its partitions after the lease of the store.
 * If the store cannot be reached, as `isTransient` decides, it is retried for the duration of a lease.
 *
 * @throws {ConfigurationError} If the job or an option breaks its rule, or `isTransient` does not return
 *   a boolean.
 */
export async function work<P, E, T>(
  job: Job<P, E, T>,
  options: WorkOptions<E>,
): Promise<WorkSummary> {
  const action = "work on a job";
  checkJob(action, job as Job<never, never, never>, ["name", "pipeline"], options);
  const settings = checkOptions(action, options, workOptions as OptionTable<WorkOptions<E>>);
  const { deadLetters, budget, checkpoints } = settings.run;
  if (deadLetters !== undefined && !callable.test(deadLetters)) { // The first run would close it.
    const rule = "a function that opens a WritableStream for each partition";
    fail(action, "run.deadLetters", rule, deadLetters);
  }
  if (budget !== undefined && checkpoints === undefined) { // It would begin anew each time.
    fail(action, "run.budget", "omitted without 'run.checkpoints'", budget);
  }
  const { store, lanes, until, name, signal } = settings;
  const summary = {
    completed: 0,
    cancelled: 0,
    dead: 0,
    failed: 0,
    fenced: 0,
    returned: 0,
    lost: 0,
  };
  const stop = new AbortController();
  const unfollow = onAbort(signal, (reason) => stop.abort(reason));
  const each = { ...settings, lease: store.lease, signal: stop.signal };
  const isOutage = (error: unknown) =>
    isTransientFailure(error) || settings.isTransient(error) === true;
  const patience = { lease: store.lease, isOutage };
  const ask = <R>(call: () => Promise<R>) => reach(call, { ...patience, signal: stop.signal });
  const isOver = async () => {
    const { state } = await ask(() => store.read());
    return state === "cancelled" || until === "done" && state === "ended";
  };
  const lane = async (watch: JobWatch) => {
    while (!stop.signal.aborted) {
      const lease = await ask(() => store.take(name));
      if (lease !== undefined) {
        summary[await runPartition(job, patientLease(lease, patience), each)]++;
      } else if (await isOver()) return;
      else await ask(() => watch.changed(stop.signal));
    }
  };
  const running = Array.from({ length: lanes }, async () => {
    const watch = store.watch("partitions");
    try {
      await lane(watch);
    } catch (error) {
      if (stop.signal.aborted && error === stop.signal.reason) return; // It waited for the store.
      stop.abort(error); // The other lanes give back what they have.
      throw error;
    } finally {
      watch.close();
    }
  });
  const ends = await Promise.allSettled(running);
  unfollow();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return summary;
}
