import { etl } from "../../etl/etl.ts";
import { ConfigurationError, isOf, messageOf, PipelineError, propertyOf } from "../../errors.ts";
import type { Lease, PartitionCounts } from "../../jobs/job-store.ts";
import { fail } from "../../options.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import type { RunReport } from "../../report-types.ts";
import type { Run } from "../../run/run.ts";
import { sleep } from "../../runtime/deadline.ts";
import { onAbort } from "../../runtime/signals.ts";
import { countsOf } from "./counts.ts";
import type { Job } from "./job.ts";
import type { PatientLease } from "./outage.ts";

/** Outcome of a partition for the worker that ran it. */
export type PartitionEnd =
  | "completed"
  | "cancelled"
  | "dead"
  | "failed"
  | "fenced"
  | "returned"
  | "lost";

/** Settings of the runs of partitions. */
export interface PartitionSettings<E> {
  readonly run: RunOptions<E>;
  readonly maxFailures: number;
  readonly maxBegun: number;
  readonly lease: number;
  /** Drains the run, and returns the partition. */
  readonly signal: AbortSignal | undefined;
  readonly isTransient: (error: unknown) => boolean;
}

/** The longest wait of a partition that has failed before it is begun again, in milliseconds. */
const longestDelay = 60_000;

/** Runs the pipeline of a partition while its lease is held, and settles or returns it. */
export async function runPartition<P, E, T>(
  job: Job<P, E, T>,
  lease: PatientLease,
  settings: PartitionSettings<E>,
): Promise<PartitionEnd> {
  const { maxBegun, run: options } = settings;
  const { id, descriptor } = lease.partition;
  if (lease.begun > maxBegun) {
    const error = `It was begun ${lease.begun - 1} times, and each time its worker was lost`;
    return await lease.settle({ state: "dead", error, ...lease.counts }) ? "dead" : "lost";
  }
  let run: Run;
  try {
    const pipeline = { ...job.pipeline(descriptor as P), name: job.name } as Pipeline<E, T>;
    const partition = options.checkpoints === undefined ? undefined : id;
    run = etl(pipeline).start({ ...options, partition });
  } catch (error) {
    if (!isOf(error, ConfigurationError)) {
      return await giveUp(lease, error, lease.counts, settings);
    }
    await lease.giveBack({ delay: 0 }); // The options are to blame, which all partitions share.
    throw error;
  }
  return await new PartitionRun(run, lease, settings).ended();
}

/** Counts a failure, or that of a system that the partition is not to blame for. */
async function giveUp(
  lease: Lease,
  error: unknown,
  counts: PartitionCounts,
  { maxFailures, isTransient, lease: duration }: PartitionSettings<never>,
): Promise<PartitionEnd> {
  if (isOf(error, PipelineError) && error.isFenced) { // Another run is at work on it already.
    await lease.giveBack({ delay: duration });
    return "fenced";
  }
  let isPassing: unknown;
  try {
    isPassing = isTransient(error);
    const rule = "a function that returns a boolean";
    if (typeof isPassing !== "boolean") fail("work on a job", "isTransient", rule, isPassing);
  } catch (thrown) {
    await lease.giveBack({ delay: 0 }); // The partition is not to blame for what the user answers.
    throw thrown;
  }
  if (isPassing) {
    await lease.giveBack({ delay: duration });
    return "returned";
  }
  const message = messageOf(error);
  if (lease.failures + 1 < maxFailures) {
    const delay = Math.min(longestDelay, 1000 * 2 ** lease.failures);
    await lease.giveBack({ delay, error: message });
    return "failed";
  }
  return await lease.settle({ state: "dead", error: message, ...counts }) ? "dead" : "lost";
}

/** A run that ends when its lease is lost. */
class PartitionRun {
  readonly #run: Run;
  readonly #lease: PatientLease;
  readonly #settings: PartitionSettings<never>;
  readonly #stop = new AbortController(); // Ends the extending.
  #state: "held" | "lost" | "cancelled" = "held";

  constructor(run: Run, lease: PatientLease, settings: PartitionSettings<never>) {
    this.#run = run;
    this.#lease = lease;
    this.#settings = settings;
  }

  async ended(): Promise<PartitionEnd> {
    const unfollow = onAbort(this.#settings.signal, () => this.#drain());
    const extending = this.#extend();
    let end: { readonly report: RunReport } | { readonly error: unknown };
    try {
      end = { report: await this.#run.finished };
    } catch (error) {
      end = { error };
    }
    unfollow();
    this.#stop.abort();
    await extending;
    return this.#state === "lost" ? "lost" : await this.#settle(end);
  }

  async #settle(
    end: { readonly report: RunReport } | { readonly error: unknown },
  ): Promise<PartitionEnd> {
    if ("error" in end) {
      const report = propertyOf(end.error, "report") as RunReport | undefined;
      const counts = report === undefined
        ? this.#lease.counts
        : countsOf(report, this.#lease.counts);
      return await giveUp(this.#lease, end.error, counts, this.#settings);
    }
    const counts = countsOf(end.report, this.#lease.counts);
    if (end.report.outcome === "completed") return await this.#end("completed", counts);
    if (this.#state === "cancelled") return await this.#end("cancelled", counts);
    await this.#lease.tell(counts);
    await this.#lease.giveBack({ delay: 0 });
    return "returned";
  }

  async #end(state: "completed" | "cancelled", counts: PartitionCounts): Promise<PartitionEnd> {
    return await this.#lease.settle({ state, ...counts }) ? state : "lost";
  }

  /** Extends the lease three times in its duration, until the run is over or the lease is. */
  async #extend(): Promise<void> {
    const { lease: duration } = this.#settings;
    const { signal } = this.#stop;
    let heldAt = performance.now();
    for (;;) {
      await sleep(duration / 3, signal);
      if (signal.aborted) return;
      const askedAt = performance.now();
      try {
        this.#state = await this.#lease.extend(countsOf(this.#run.snapshot(), this.#lease.counts));
        heldAt = askedAt;
      } catch { // Whoever cannot reach the store for so long has lost the lease.
        if (performance.now() - heldAt >= duration) this.#state = "lost";
      }
      if (this.#state === "cancelled") this.#drain();
      if (this.#state !== "lost") continue;
      this.#run.abort(new Error("The lease of the partition is lost to another worker"));
      return;
    }
  }

  #drain(): void {
    this.#run.drain().catch(() => {}); // `finished` tells it.
  }
}
