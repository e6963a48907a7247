import { isOf } from "../errors.ts";
import type { CheckpointWriter } from "../checkpoints/checkpoint-writer.ts";
import { checkPosition, type DoneRange } from "../checkpoints/checkpoint.ts";
import type { DeadLetter } from "../dead-letters/dead-letter.ts";
import type { DeadLetterWriter } from "../dead-letters/dead-letter-writer.ts";
import { allPlacesOf, placeOf, placesOf } from "../checkpoints/offset-tracker.ts";
import { Exhausted, type Policy, type RecoveryListener } from "../retry/recovery.ts";
import { retryAfterOf } from "../retry/retry-after.ts";
import { Replayed } from "../dead-letters/replayed.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Batch } from "./batch.ts";
import { Drift } from "./drift.ts";
import type { Emit } from "../telemetry/emitter.ts";
import type { Failure } from "./failures.ts";
import type { RunMetrics } from "./run-metrics.ts";
import type { Pipeline, PipelineContext } from "../pipeline/pipeline.ts";
import { Reasons } from "./reasons.ts";
import type { RunEventDetails } from "../pipeline/run-event.ts";
import type { RunSettings } from "../pipeline/run-options.ts";

/** What became of the items of a run so far. */
export interface Counts {
  /** Items of the source whose load has succeeded. */
  loaded: number;
  /** Items of the source that the transform left out. */
  skipped: number;
  /** Items of the source that were given up on. */
  deadLettered: number;
  /** Loads that have succeeded. */
  batches: number;
  /** Calls made again after a failure. */
  retries: number;
  /** Calls of `transform` that have begun; counted only where a stall is watched for. */
  calls: number;
  /** What loads have left out. */
  readonly drift: Drift;
  /** Why items were given up on. */
  readonly reasons: Reasons;
}

/** The counts of a run that has done nothing yet. */
export function freshCounts(): Counts {
  const items = { loaded: 0, skipped: 0, deadLettered: 0 };
  return { ...items, batches: 0, retries: 0, calls: 0, drift: new Drift(), reasons: new Reasons() };
}

/** What a run works with. */
export interface Equipment<E, T> {
  /** The user's functions. */
  readonly pipeline: Pipeline<E, T>;
  /** The options of the run. */
  readonly settings: RunSettings<E>;
  /** What the user's functions are told. */
  readonly context: PipelineContext;
  /** Takes dead letters, where there are any. */
  readonly outlet: DeadLetterWriter | undefined;
  /** Keeps what is finished, where the run has checkpoints. */
  readonly keeper: CheckpointWriter | undefined;
  /** The key of the checkpoint. */
  readonly key: string;
  /** Tells the observer of the run, where there is one. */
  readonly emit: Emit | undefined;
  /** When the run began, by the clock that durations are measured with. */
  readonly begin: number;
}

/** A call that is to be made again. */
export type Retry = Omit<Extract<RunEventDetails, { type: "batch:retry" }>, "type" | "sequence">;

/** What the work on the batches of a run shares. */
export interface Station<E, T> extends Equipment<E, T> {
  /** Kept up to date by the work. */
  readonly counts: Counts;
  /** No further call may begin. */
  readonly isStopped: boolean;
  /** The run is over: a call that ends now was not waited for. */
  readonly isOver: boolean;
  /** A load has left out values that no column takes: rows by column. */
  drift(counts: Readonly<Record<string, number>>): void;
  /** A call for a batch is to be made again, after a delay in milliseconds; gives what ends that. */
  onRetry(batch: Batch<E, T>, retry: Retry): () => void;
  /** A load waits for the rate limit; gives what ends that. */
  onLimited(): () => void;
  /** A call goes on although nobody waits for it. */
  onLeft(settled: Promise<unknown>): void;
}

/** Whether a call that fails fails the run, and nothing is to be told of one that does not. */
export function isPlain<E, T>(equipment: Equipment<E, T>): boolean {
  const { pipeline, settings, outlet, keeper } = equipment;
  const { transform, load } = settings.retry;
  const isOnce = [transform, load].every(({ maxAttempts, attemptTimeout }) =>
    maxAttempts === 1 && attemptTimeout === Infinity
  );
  const extras = [outlet, keeper, settings.rateLimit, pipeline.acknowledge, pipeline.reject];
  return isOnce && extras.every((extra) => extra === undefined);
}

/** What the station is part of: the working part of a run. */
interface Workplace {
  readonly counts: Counts;
  readonly gauges: RunMetrics;
  readonly isStopped: boolean;
  readonly isOver: boolean;
}

/** Makes the station of a run. */
export function stationOf<E, T>(
  equipment: Equipment<E, T>,
  place: Workplace,
  aside: { add(settled: Promise<unknown>): void },
): Station<E, T> {
  const { counts, gauges } = place;
  return {
    ...equipment,
    counts,
    get isStopped() {
      return place.isStopped;
    },
    get isOver() {
      return place.isOver;
    },
    drift: (rows) => {
      if (!place.isOver) counts.drift.add(rows); // Else the report was made already.
    },
    onRetry: (batch, retry) => {
      counts.retries++;
      return beginRetry(equipment, gauges, batch, retry);
    },
    onLimited: () => gauges.rest("load", "limited"),
    onLeft: (settled) => aside.add(settled),
  };
}

function beginRetry<E, T>(
  { settings, emit }: Equipment<E, T>,
  gauges: RunMetrics,
  batch: Batch<E, T>,
  retry: Retry,
): () => void {
  const pause = retryAfterOf(retry.error, settings.retry[retry.stage].maxRetryAfter);
  if (pause !== undefined) settings.rateLimit?.pause(pause, { maxRetryAfter: Infinity });
  batch.retries++;
  emit?.({ type: "batch:retry", sequence: batch.info.sequence, ...retry });
  // Of the items of a batch that are transformed side by side, one that rests is enough.
  if (batch.resting++ === 0) batch.wake = gauges.rest(retry.stage, "backoff");
  return () => {
    if (--batch.resting === 0) batch.wake?.();
  };
}

/** What a flow tells the run that it is part of. */
export interface FlowListener {
  /** A stage has failed. */
  onFailure(failure: Failure): void;
  /** All that was read is done, and only the callbacks' signal can end what the source waits for. */
  onStuck(reason: unknown): void;
}

/** What may be done about a failed call of a stage. */
export function policyOf<E, T>(
  { settings, outlet }: Station<E, T>,
  stage: "transform" | "load",
  isDivisible: boolean,
): Policy {
  return {
    retry: settings.retry[stage],
    hasDeadLetters: outlet !== undefined,
    isDivisible,
    isolates: settings.isolate === "bisect",
    isolationBudget: settings.isolationBudget,
  };
}

/** What stops a recovery. */
export function listenerOf<E, T>(
  station: Station<E, T>,
  batch: Batch<E, T>,
  stage: "transform" | "load",
): RecoveryListener {
  return {
    get isStopped() {
      return station.isStopped;
    },
    signal: station.context.signal,
    onRetry: (error, attempt, delay) => station.onRetry(batch, { stage, error, attempt, delay }),
  };
}

/** Writes the dead letter of an item of a batch, and counts it. Rejects with `Exhausted`. */
export async function giveUp<E, T>(
  station: Station<E, T>,
  batch: Batch<E, T>,
  index: number,
  failure: Pick<DeadLetter, "error" | "stage" | "attempts" | "row">,
): Promise<void> {
  const { items, ranges, info } = batch;
  const { context, counts, outlet, emit } = station;
  const item = items[index]!;
  const { pipeline, runId } = context;
  const offset = placeOf(ranges, index);
  const fresh = { item, ...failure, pipeline, runId, offset, at: Date.now() };
  const letter = isOf(item, Replayed) ? again(item, fresh) : fresh;
  try {
    await outlet!.write(letter);
  } catch (error) {
    // The item is nowhere: what it failed with is told as well.
    throw new Exhausted([error, failure.error], failure.attempts, [item], "deadLetters");
  }
  counts.deadLettered++;
  counts.reasons.add(letter);
  batch.deadLettered++;
  emit?.({ type: "item:dead-letter", sequence: info.sequence, letter });
}

/**
 * The places in the source of some items of a batch, or of all, with their positions where these are
 * kept. Throws `Exhausted` if a position cannot be told.
 */
export function rangesFor<E, T>(
  station: Station<E, T>,
  batch: Batch<E, T>,
  indices?: readonly number[],
): readonly DoneRange[] {
  const { ranges } = batch;
  const positions = station.keeper && positionsIn(station, batch);
  if (positions === undefined && indices === undefined) return ranges;
  const places = indices === undefined ? allPlacesOf(ranges) : placesOf(ranges, indices);
  if (positions === undefined) return places.map(([from, to]) => [from, to]);
  return places.map(([from, to, last]) => {
    const at = positions[last];
    if (at instanceof Unknown) throw new Exhausted([at.error], 1, batch.items, "checkpoints");
    return [from, to, at];
  });
}

/** Stands for the position of an item that the user's function has thrown for. */
class Unknown {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * The position of each item of a batch. They are all checked, as any item may become the last of
 * those that are finished, and one that cannot be kept would leave the next run without a place to
 * begin at. What is thrown for an item is told where that item is such a last one.
 */
function positionsIn<E, T>(
  { settings: { position }, pipeline }: Station<E, T>,
  batch: Batch<E, T>,
): readonly unknown[] | undefined {
  if (position === undefined || batch.positions !== undefined) return batch.positions;
  const positionOf = (item: E) => {
    try {
      return position(item);
    } catch (error) {
      return new Unknown(error);
    }
  };
  const checked = (at: unknown) => {
    if (at instanceof Unknown) return at;
    if (isThenable(at)) at.then(undefined, () => {}); // It is refused; nobody waits for it.
    checkPosition(`run pipeline "${pipeline.name}"`, at);
    // Of an object that is used again for the next item a copy is needed at once.
    return typeof at === "object" ? JSON.parse(JSON.stringify(at)) as unknown : at;
  };
  try {
    batch.positions = batch.items.map((item) => checked(positionOf(item)));
  } catch (error) {
    throw new Exhausted([error], 1, batch.items, "checkpoints");
  }
  return batch.positions;
}

/** The letter of an item that came from a letter: of the same item, with all its attempts. */
function again({ letter }: Replayed<unknown>, failure: DeadLetter): DeadLetter {
  const { item, offset, attempts } = letter;
  // What it was mapped to then is still what is to be loaded.
  const row = failure.stage === "load" && "row" in letter ? { row: letter.row } : {};
  return { ...row, ...failure, item, offset, attempts: attempts + failure.attempts };
}
