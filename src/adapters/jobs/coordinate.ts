import { messageOf } from "../../errors.ts";
import { noCounts } from "../../jobs/counts.ts";
import type {
  JobState,
  JobStore,
  PartitionCounts,
  PartitionRecord,
  PartitionResult,
  StoredJob,
} from "../../jobs/job-store.ts";
import {
  abortSignal,
  callable,
  checkOptions,
  fail,
  nonNegative,
  type OptionTable,
} from "../../options.ts";
import type { Outcome } from "../../report-types.ts";
import { onAbort } from "../../runtime/signals.ts";
import { checkJob, type Job, jobStore } from "./job.ts";
import { reach } from "./outage.ts";
import { isTransientFailure } from "./transient.ts";

/** Progress of a job. */
export interface JobSnapshot extends PartitionCounts {
  /** The name of the job. */
  readonly name: string;
  /** Its state. */
  readonly state: JobState;
  /** Number of partitions by state; `held` are those that a worker has now. */
  readonly partitions: StoredJob["partitions"];
  /** Time for which the coordinator has watched the job, in milliseconds. */
  readonly duration: number;
}

/** Report of a job: plain data. */
export interface JobReport extends PartitionCounts {
  /** The name of the job. */
  readonly name: string;
  /** `"failed"` if a partition is dead, `"drained"` if the job was cancelled. */
  readonly outcome: Exclude<Outcome, "aborted" | "paused">;
  /** Reason of the cancellation, if one was given. */
  readonly reason?: string;
  /** Number of partitions by outcome. In a cancelled job, `cancelled` are all the others. */
  readonly partitions: Omit<StoredJob["partitions"], "held">;
  /** The partitions that failed too often. */
  readonly dead: readonly PartitionResult[];
  /** Time for which the coordinator has watched the job, in milliseconds. */
  readonly duration: number;
}

/** Result of `coordinate`: a promise of the report, with the progress of the job until then. */
export interface CoordinatedJob extends Promise<JobReport> {
  /** The name of the job. */
  readonly name: string;
  /** The promise itself, under the name that a run uses. */
  readonly finished: Promise<JobReport>;
  /**
   * Returns the progress of the job over all workers, as of the last read of the store; empty before
   * that. Its state is that of a run, so `showProgress` accepts the job as one. A cancelled job is
   * `"draining"` until it has ended.
   */
  snapshot(): JobProgress;
}

/** Progress of a job, with the state of a run. */
export interface JobProgress extends Omit<JobSnapshot, "state"> {
  /** State of the workers. */
  readonly state: "running" | "draining" | "ended";
}

/** The options of `coordinate`. */
export interface CoordinateOptions {
  /** The store of the partitions, the same as for the workers. */
  store: JobStore;
  /** Cancels the job when it aborts: the workers drain, and the promise then resolves to the report. */
  signal?: AbortSignal | undefined;
  /**
   * Maximum number of dead partitions, at least 0. One more cancels the job.
   * @default {Infinity}
   */
  maxDead?: number | undefined;
  /** Called with the progress of the job each time the store was read. */
  onProgress?: ((snapshot: JobSnapshot) => void) | undefined;
}

const coordinateOptions: OptionTable<CoordinateOptions> = {
  store: [jobStore],
  signal: [abortSignal],
  maxDead: [nonNegative, Infinity],
  onProgress: [callable],
};

/** Number of partitions that are added at once. */
const addedAtOnce = 100;

/**
 * Splits a job, unless that was done before, and waits until workers have settled all partitions. If the
 * process is killed at any moment, call it again; several coordinators may run at once. If the store
 * cannot be reached, it is retried for the duration of a lease.
 *
 * Returns a promise of the report, which `showProgress` accepts like a run.
 *
 * @throws {ConfigurationError} If the job or an option breaks its rule, or two partitions have the same
 *   id.
 */
export function coordinate<P, E, T>(
  job: Job<P, E, T>,
  options: CoordinateOptions,
): CoordinatedJob {
  const { name } = Object(job) as Job<P, E, T>;
  const begun = Date.now();
  const partitions = { total: 0, completed: 0, dead: 0, cancelled: 0, held: 0 };
  let last: StoredJob = { state: "splitting", partitions, counts: noCounts };
  let duration: number | undefined; // Of a job that is over.
  const finished = follow(job, options, begun, (stored) => last = stored);
  const end = () => void (duration = Date.now() - begun);
  finished.then(end, end);
  const snapshot = (): JobProgress => ({
    ...{ name, ...withoutReason(last), duration: duration ?? Date.now() - begun },
    state: duration !== undefined ? "ended" : last.state === "cancelled" ? "draining" : "running",
  });
  return Object.assign(finished, { name, finished, snapshot });
}

async function follow<P, E, T>(
  job: Job<P, E, T>,
  options: CoordinateOptions,
  begun: number,
  onRead: (stored: StoredJob) => void,
): Promise<JobReport> {
  const action = "coordinate a job";
  checkJob(action, job as Job<never, never, never>, ["name", "split", "id"], options);
  const { store: given, signal, maxDead, onProgress } = checkOptions<
    CoordinateOptions,
    "signal" | "onProgress"
  >(action, options, coordinateOptions);
  const stop = new AbortController(); // Aborts if the job could not be cancelled.
  const store = reached(given, stop.signal);
  const watch = store.watch("progress");
  const unfollow = onAbort(signal, (reason) => {
    store.cancel(messageOf(reason)).catch((error) => stop.abort(error));
  });
  try {
    if ((await store.read()).state === "splitting") await split(job, store, signal);
    for (;;) {
      const stored = await store.read();
      onRead(stored);
      const duration = Date.now() - begun;
      onProgress?.({ name: job.name, ...withoutReason(stored), duration });
      if (isOver(stored)) return await reportOf(job.name, store, stored, duration);
      if (stored.partitions.dead > maxDead && stored.state !== "cancelled") {
        await store.cancel(`More than ${maxDead} partitions are dead, which is 'maxDead'`);
        continue;
      }
      await watch.changed(stop.signal);
      stop.signal.throwIfAborted();
    }
  } finally {
    unfollow();
    watch.close();
  }
}

/** Methods of a store that a coordinator calls. */
type Reached = Pick<JobStore, "add" | "seal" | "read" | "cancel" | "watch"> & {
  readonly dead: () => Promise<PartitionResult[]>;
};

/** A store that is called again while it cannot be reached: each call may be made twice. */
function reached(store: JobStore, signal: AbortSignal): Reached {
  const { lease } = store;
  const ask = <R>(call: () => Promise<R>) =>
    reach(call, { lease, signal, isOutage: isTransientFailure });
  const deadOnes = async () => {
    const dead: PartitionResult[] = [];
    for await (const result of store.results()) if (result.state === "dead") dead.push(result);
    return dead;
  };
  return {
    add: (partitions) => ask(() => store.add(partitions)),
    seal: () => ask(() => store.seal()),
    read: () => ask(() => store.read()),
    cancel: (reason) => ask(() => store.cancel(reason)),
    watch: (interest) => {
      const watch = store.watch(interest);
      return { changed: (signal) => ask(() => watch.changed(signal)), close: () => watch.close() };
    },
    dead: () => ask(deadOnes),
  };
}

/** Adds all partitions. */
async function split<P, E, T>(
  job: Job<P, E, T>,
  store: Reached,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const ids = new Set<string>();
  let waiting: PartitionRecord[] = [];
  const parts = job.split({ signal }) as AsyncIterable<P>;
  for await (const descriptor of parts) {
    if (signal.aborted) return; // The job is cancelled.
    const id = job.id(descriptor);
    const rule = "a non-empty string that no other partition has";
    if (typeof id !== "string" || id === "" || ids.has(id)) fail("split a job", "id", rule, id);
    ids.add(id);
    waiting.push({ id, descriptor });
    if (waiting.length < addedAtOnce) continue;
    await store.add(waiting);
    waiting = [];
  }
  await store.add(waiting);
  await store.seal();
}

/** A cancelled job is over when no worker has a part of it any more. */
function isOver({ state, partitions }: StoredJob): boolean {
  return state === "ended" || state === "cancelled" && partitions.held === 0;
}

function withoutReason({ state, partitions, counts }: StoredJob): Omit<
  JobSnapshot,
  "name" | "duration"
> {
  return { state, partitions, ...counts };
}

async function reportOf(
  name: string,
  store: Reached,
  { state, reason, partitions, counts }: StoredJob,
  duration: number,
): Promise<JobReport> {
  const dead = partitions.dead > 0 ? await store.dead() : [];
  const { total, completed } = partitions;
  const outcome = state === "cancelled" ? "drained" : dead.length > 0 ? "failed" : "completed";
  return {
    ...{ name, outcome, ...(reason !== undefined && { reason }) },
    partitions: {
      total,
      completed,
      dead: partitions.dead,
      cancelled: total - completed - partitions.dead,
    },
    ...{ ...counts, dead, duration },
  };
}
