import {
  callable,
  fail,
  nonEmptyString,
  positiveInteger,
  type Rule,
  truthValue,
} from "../options.ts";
import type { Checkpoint, DoneRange, FinishedCounts } from "../checkpoints/checkpoint.ts";
import type { Deliveries } from "../checkpoints/deliveries.ts";
import type { BranchCounts, Outcome, TableCounts } from "../report-types.ts";
import type { Leased } from "../streams/leased.ts";
import type { Many, WholeBatch } from "../streams/many.ts";
import type { skip } from "../streams/skip.ts";
import type { Source } from "../streams/source.ts";

/** Context of every function of a pipeline. */
export interface PipelineContext {
  /**
   * Aborts when the result is no longer wanted: pass it to anything that accepts a signal. All
   * calls of a run share it, unless an `attemptTimeout` gives each its own. Remove a listener when
   * its call is done. Do not assign `onabort`, which would replace that of another call.
   */
  readonly signal: AbortSignal;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** Unique id of the run. */
  readonly runId: string;
  /** Items that earlier runs finished, if the run has checkpoints and one was found. */
  readonly checkpoint?: Checkpoint;
  /**
   * Registers clean-up: `fn` is called once, after `finalize`, however the run ends. The function
   * registered last runs first, and each waits for the one before. If it throws, the run fails, as
   * with `finalize`. If the run is already over, it is called at once.
   */
  defer(fn: () => unknown): void;
}

/** Context of `acknowledge` and `reject`. */
export interface ItemsContext extends PipelineContext {
  /** Places of the items in the source, from 0; with `position`, also their positions. */
  readonly ranges: readonly DoneRange[];
}

/** Batch that a load is for. */
export interface BatchInfo {
  /** Place of the batch in the run, from 0. */
  readonly sequence: number;
  /** Place of its first item in the source, from 0. */
  readonly offset: number;
  /** Number of its source items, including those that the transform skipped. */
  readonly size: number;
  /** Number of the attempt; the first is 1. Loading a part of the batch is not a further attempt. */
  readonly attempt: number;
  /** The key of the checkpoint, if the run has checkpoints. */
  readonly key?: string;
  /**
   * Places in the source of the items that this load finishes, if the run has checkpoints: a sink
   * writes them with its rows. With `position`, each has its position as the third element.
   */
  readonly ranges?: readonly DoneRange[];
  /** Fate of the items of `ranges`, if the run has checkpoints. */
  readonly counts?: FinishedCounts;
  /** Deliveries that the load finishes, if a leased source has ids and the sink keeps them. */
  readonly deliveries?: Deliveries;
}

/** Context of `load`. */
export interface LoadContext extends PipelineContext {
  /** The batch to load. */
  readonly batch: BatchInfo;
  /**
   * Counts properties for which the target has no column, whether they were left out or a column was added:
   * rows by property. They are added up in `report.drift`. Call it once the rows are committed.
   */
  drift(counts: Readonly<Record<string, number>>): void;
  /**
   * Counts the outcome of rows in the target, by table. They are added up in `report.tables`. Call
   * it once the rows are committed.
   */
  wrote(counts: Readonly<Record<string, TableCounts>>): void;
  /** Counts rows that the load passed on, by branch. They are added up in `report.branches`. */
  branched(counts: Readonly<Record<string, BranchCounts>>): void;
}

/** Returns the context of a load. Each property is written out for speed, as each batch needs one. */
export function loadContextOf(
  context: PipelineContext,
  batch: BatchInfo,
  { drift, wrote, branched }: Pick<LoadContext, "drift" | "wrote" | "branched">,
): LoadContext {
  const { signal, pipeline, runId, checkpoint, defer } = context;
  const told = { signal, pipeline, runId, defer, batch, drift, wrote, branched };
  return checkpoint === undefined ? told : { ...told, checkpoint };
}

/** Result of `extract`. */
export type Extracted<E> = Source<E> | Leased<E>;

/** Result of a transform for an item: a row, `skip` for none, or `many(rows)` for several. */
export type Transformed<T> = T | typeof skip | Many<T>;

/** Result of a transform for a batch: one entry for each of its items, or `wholeBatch(rows)`. */
export type TransformedBatch<T> = readonly Transformed<T>[] | WholeBatch<T>;

/**
 * Extract, transform and load: an object literal, or an instance of a class. `E` is the type of the
 * source's items and `T` of the loaded rows. Both are inferred if the members are in this order.
 */
export interface Pipeline<E, T = E> {
  /** Name of the pipeline in reports and errors. */
  readonly name: string;
  /** Called first. If it fails, nothing is extracted. */
  preProcess?: ((context: PipelineContext) => unknown) | undefined;
  /** Returns the source, or a promise of it; for items that a broker lends, a `leased` source. */
  extract(context: PipelineContext): Extracted<E> | PromiseLike<Extracted<E>>;
  /**
   * Maps one item; may be async. Returns a row, `skip`, or `many(rows)`: the item becomes these
   * rows, which are loaded together. Without it, items pass unchanged.
   */
  transform?:
    | ((item: E, context: PipelineContext) => Transformed<T> | PromiseLike<Transformed<T>>)
    | undefined;
  /**
   * Maps a batch, instead of `transform`; may be async. Returns an array with one entry for each
   * item: a row, `skip` or `many(rows)`. An array of another length is rejected. For rows that
   * belong to no single item, return `wholeBatch(rows)`.
   */
  transformBatch?:
    | ((
      items: E[],
      context: PipelineContext,
    ) => TransformedBatch<T> | PromiseLike<TransformedBatch<T>>)
    | undefined;
  /**
   * Loads a batch of rows, which is never empty; may be async. If the function has a property
   * `batchSize`, it is the default number of items in a batch: 1000 for loads of sinks.
   */
  load(items: T[], context: LoadContext): unknown;
  /**
   * Called with the source items that are finished, each item once: after it was loaded or skipped,
   * or after its dead letter was written.
   */
  acknowledge?: ((items: readonly E[], context: ItemsContext) => unknown) | undefined;
  /** Called with items that failed for good if no dead letter takes them; then the run fails. */
  reject?:
    | ((items: readonly E[], error: unknown, context: ItemsContext) => unknown)
    | undefined;
  /**
   * If true, another run can read the whole source again, in the same order. The guarantee of a run is
   * derived from it. Checkpoints are rejected if it is `false`, and with `acknowledge` unless it is `true`.
   * @default {true}
   */
  replayable?: boolean | undefined;
  /** Called once after everything is loaded and the source has ended. */
  postProcess?: ((context: PipelineContext) => unknown) | undefined;
  /**
   * Called once however the run ended, if it had begun. An abort during this call still makes the
   * run reject, even if `outcome` says otherwise.
   */
  finalize?: ((outcome: Outcome, context: PipelineContext) => unknown) | undefined;
}

/** Returns the default batch size of a pipeline. */
export function batchSizeOfLoad<E, T>({ load }: Pick<Pipeline<E, T>, "load">): number | undefined {
  return (load as { batchSize?: number }).batchSize;
}

const optional: Rule = {
  ...callable,
  test: (value) => value === undefined || callable.test(value),
};

/** Rule of each member; classes may have other members. */
const members: Readonly<Record<string, Rule>> = {
  name: nonEmptyString,
  extract: callable,
  load: callable,
  preProcess: optional,
  transform: optional,
  transformBatch: optional,
  postProcess: optional,
  finalize: optional,
  acknowledge: optional,
  reject: optional,
  replayable: { ...truthValue, test: (value) => value === undefined || truthValue.test(value) },
};

/**
 * Checks the members of a pipeline.
 *
 * @throws {ConfigurationError} If one is missing or has the wrong type, or if both transforms are given.
 */
export function checkPipeline<E, T>(pipeline: Pipeline<E, T>): void {
  const action = "create pipeline";
  if (typeof pipeline !== "object" || pipeline === null) {
    fail(action, "pipeline", "an object", pipeline);
  }
  for (const [member, rule] of Object.entries(members)) {
    const value = (pipeline as unknown as Record<string, unknown>)[member];
    if (!rule.test(value)) fail(action, member, rule.expected, value);
  }
  if (pipeline.transform !== undefined && pipeline.transformBatch !== undefined) {
    fail(action, "transformBatch", "omitted if 'transform' is given", pipeline.transformBatch);
  }
  const batchSize = batchSizeOfLoad(pipeline);
  if (batchSize !== undefined && !positiveInteger.test(batchSize)) {
    fail(action, "load.batchSize", positiveInteger.expected, batchSize);
  }
}
