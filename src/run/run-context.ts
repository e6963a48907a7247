import type { BranchCounts, TableCounts } from "../report-types.ts";
import { retryAfterOf } from "../retry/retry-after.ts";
import type { RunEventDetails } from "../pipeline/run-event.ts";
import { type Batch, progressOf } from "./batch.ts";
import type { Counts } from "./counts.ts";
import type { Failure } from "./failures.ts";
import type { RunMetrics } from "./run-metrics.ts";
import type { Lease } from "../streams/lease.ts";
import { isFastPath, type RunResources } from "./run-resources.ts";
import type { Tally } from "./tally.ts";

/** A call that is to be made again. */
export type Retry = Omit<Extract<RunEventDetails, { type: "batch:retry" }>, "type" | "sequence">;

/** Shared state of the work on batches: the parts of the run, and its state. */
export interface RunContext<E, T> extends RunResources<E, T> {
  /** Kept up to date by the work. */
  readonly counts: Counts;
  /** Measurements of the run. */
  readonly metrics: RunMetrics;
  /** The leased source in this run, once there is one. */
  lease: Lease<E> | undefined;
  /** A call that fails fails the run, and nothing is to be told of one that does not. */
  isPlain: boolean;
  /** No further call may begin. */
  readonly isStopped: boolean;
  /** The run is over: a call that ends now was not waited for. */
  readonly isOver: boolean;
  /** A load has left out values that no column takes: rows by column. */
  drift(counts: Readonly<Record<string, number>>): void;
  /** A load has written rows: what became of them by table. */
  wrote(counts: Readonly<Record<string, TableCounts>>): void;
  /** A load has told of its branches. */
  branched(counts: Readonly<Record<string, BranchCounts>>): void;
  /** A call for a batch is to be made again, after a delay in milliseconds; gives what ends that. */
  onRetry(batch: Batch<E, T>, retry: Retry): () => void;
  /** A load waits for the rate limit; gives what ends that. */
  onLimited(): () => void;
  /** A call goes on although nobody waits for it. */
  onAbandoned(settled: Promise<unknown>): void;
}

/** State of a run, as known to the mover of its batches. */
type RunState = Pick<RunContext<never, never>, "counts" | "metrics" | "isStopped" | "isOver">;

/** Makes the context of a run, which has the state as it is whenever somebody looks. */
export function contextOf<E, T>(
  resources: RunResources<E, T>,
  state: RunState,
  backgroundCalls: { add(settled: Promise<unknown>): void },
): RunContext<E, T> {
  const { counts, metrics } = state;
  return {
    ...resources,
    counts,
    metrics,
    lease: undefined,
    isPlain: isFastPath(resources),
    get isStopped() {
      return state.isStopped;
    },
    get isOver() {
      return state.isOver;
    },
    drift: adding(state, counts.drift),
    wrote: adding(state, counts.tables),
    branched: adding(state, counts.branches),
    onRetry(batch, retry) {
      counts.retries++;
      return beginRetry(resources, metrics, batch, retry);
    },
    onLimited: () => metrics.wait("load", "limited"),
    onAbandoned: (settled) => backgroundCalls.add(settled),
  };
}

/** True if failed items go to dead letters or back to their source. */
export function mayGiveUp<E, T>({ lease, deadLetterWriter }: RunContext<E, T>): boolean {
  return (deadLetterWriter ?? lease?.reject) !== undefined;
}

/** True if the source is told of finished items. */
export function isTold<E, T>({ lease, pipeline }: RunContext<E, T>): boolean {
  return (lease ?? pipeline.acknowledge) !== undefined;
}

/** Returns the fewest earlier deliveries among these items. */
export function earlierAttempts<E, T>(
  { lease }: RunContext<E, T>,
  items: readonly E[],
): number {
  return lease ? Math.min(...items.map((item) => lease.earlierAttempts(item))) : 0;
}

/** Returns a function that adds to a tally until the report is made. */
function adding(state: RunState, tally: Tally<unknown>): (counts: object) => void {
  return (counts) => {
    if (!state.isOver) tally.add(counts);
  };
}

function beginRetry<E, T>(
  { settings, emit }: RunResources<E, T>,
  metrics: RunMetrics,
  batch: Batch<E, T>,
  retry: Retry,
): () => void {
  const pause = retryAfterOf(retry.error, settings.retry[retry.stage].maxRetryAfter);
  if (pause !== undefined) settings.rateLimit?.pause(pause, { maxRetryAfter: Infinity });
  const progress = progressOf(batch);
  progress.retries++;
  emit?.({ type: "batch:retry", sequence: batch.info.sequence, ...retry });
  // Of the items of a batch that are transformed side by side, one that backs off is enough.
  if (progress.backingOff++ === 0) progress.resume = metrics.wait(retry.stage, "backoff");
  return () => {
    if (--progress.backingOff === 0) progress.resume?.();
  };
}

/** Listener of a flow: the run that it is part of. */
export interface FlowListener {
  /** A stage has failed. */
  onFailure(failure: Failure): void;
  /** The budget of the run is used up: nothing further is to be read. False if that was so already. */
  onUsedUp(): boolean;
  /** All that was read is done, and only the callbacks' signal can end what the source waits for. */
  onUnresponsive(reason: unknown): void;
}
