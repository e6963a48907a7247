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
   * Aborts when what is done is no longer wanted: pass it on to whatever takes a signal. All calls of
   * a run share it, unless an `attemptTimeout` gives each its own: remove a listener when its call is
   * done, and do not assign `onabort`, which would replace that of another call.
   */
  readonly signal: AbortSignal;
  /** The name of the pipeline. */
  readonly pipeline: string;
  /** The run, told apart from all others. */
  readonly runId: string;
  /** Items that earlier runs have finished, if the run has checkpoints and there is one. */
  readonly checkpoint?: Checkpoint;
  /**
   * Leaves clean-up to the run: `fn` is called once, after `finalize`, however the run ends; of
   * several the last one first, each after the one before has settled. What it throws fails the run,
   * as what `finalize` throws does. When the run is over already, it is called at once.
   */
  defer(fn: () => unknown): void;
}

/** Context of `acknowledge` and `reject`. */
export interface ItemsContext extends PipelineContext {
  /** The places of the items in the source, from 0; with `position` also their positions. */
  readonly ranges: readonly DoneRange[];
}

/** Which batch a load is for. */
export interface BatchInfo {
  /** Place of the batch in the run, from 0. */
  readonly sequence: number;
  /** Place of its first item in the source, from 0. */
  readonly offset: number;
  /** Items of the source in it, those that the transform left out included. */
  readonly size: number;
  /** Which attempt it is; the first is 1. A load of a part of the batch is no further one. */
  readonly attempt: number;
  /** The key of the checkpoint, where the run has checkpoints. */
  readonly key?: string;
  /**
   * The places in the source of what this load finishes, where the run has checkpoints: what a sink
   * writes beside its rows. With `position` each has its position as third element.
   */
  readonly ranges?: readonly DoneRange[];
  /** Fate of the items of `ranges`, if the run has checkpoints. */
  readonly counts?: FinishedCounts;
  /** The deliveries that the load finishes, where a leased source has ids and the sink keeps them. */
  readonly deliveries?: Deliveries;
}

/** Context of `load`. */
export interface LoadContext extends PipelineContext {
  /** The batch to load. */
  readonly batch: BatchInfo;
  /**
   * Counts properties that the target had no column for, left out or given one: rows by property,
   * added up in `report.drift`. Call it once the rows are committed.
   */
  drift(counts: Readonly<Record<string, number>>): void;
  /**
   * Counts what became of rows in the target: by table, added up in `report.tables`. Call it once
   * they are committed.
   */
  wrote(counts: Readonly<Record<string, TableCounts>>): void;
  /** Counts rows that the load has passed on: by branch, added up in `report.branches`. */
  branched(counts: Readonly<Record<string, BranchCounts>>): void;
}

/** The context of a load. Written out, as it is made for each batch. */
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
 * Extract, transform and load: an object literal, or an instance of a class. `E` is what the source
 * gives, `T` what is loaded; both are inferred when the members stand in this order.
 */
export interface Pipeline<E, T = E> {
  /** Name of the pipeline in reports and errors. */
  readonly name: string;
  /** Called first. If it fails, nothing is extracted. */
  preProcess?: ((context: PipelineContext) => unknown) | undefined;
  /** Gives the source, or a promise of it; a `leased` one where a broker lends the items. */
  extract(context: PipelineContext): Extracted<E> | PromiseLike<Extracted<E>>;
  /**
   * Maps one item; may be async. It returns a row, `skip`, or `many(rows)`: the item becomes these
   * rows, which travel in one load. Without it items pass as they are.
   */
  transform?:
    | ((item: E, context: PipelineContext) => Transformed<T> | PromiseLike<Transformed<T>>)
    | undefined;
  /**
   * Maps a batch, in place of `transform`; may be async. It returns an array with one entry for each
   * item: a row, `skip` or `many(rows)`. Another length is refused; for rows that belong to no single
   * item it returns `wholeBatch(rows)`.
   */
  transformBatch?:
    | ((
      items: E[],
      context: PipelineContext,
    ) => TransformedBatch<T> | PromiseLike<TransformedBatch<T>>)
    | undefined;
  /**
   * Loads a batch of rows, which is never empty; may be async. A `batchSize` that the function has is
   * the number of items in a batch where no option says another: loads of sinks have 1000.
   */
  load(items: T[], context: LoadContext): unknown;
  /**
   * Told which items of the source are finished: once for each, after its load has succeeded, or
   * after it was skipped or its dead letter was written.
   */
  acknowledge?: ((items: readonly E[], context: ItemsContext) => unknown) | undefined;
  /** Told which items failed for good, where no dead letter takes them; then the run fails. */
  reject?:
    | ((items: readonly E[], error: unknown, context: ItemsContext) => unknown)
    | undefined;
  /**
   * If true, another run can read the source again, all of it and in the same order. The guarantee
   * of a run is derived from it. Checkpoints are rejected if it is `false`, and beside
   * `acknowledge` unless it is `true`.
   * @default {true}
   */
  replayable?: boolean | undefined;
  /** Called once after everything is loaded and the source has ended. */
  postProcess?: ((context: PipelineContext) => unknown) | undefined;
  /**
   * Called once however the run ended, if it had begun. An abort while it runs still makes the run
   * reject, although it was told otherwise.
   */
  finalize?: ((outcome: Outcome, context: PipelineContext) => unknown) | undefined;
}

/** Batch size of a pipeline where no option sets it. */
export function batchSizeOfLoad<E, T>({ load }: Pick<Pipeline<E, T>, "load">): number | undefined {
  return (load as { batchSize?: number }).batchSize;
}

const optional: Rule = {
  ...callable,
  test: (value) => value === undefined || callable.test(value),
};

/** Rule of each member; classes may have others. */
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
 * @throws {ConfigurationError} If one is missing or of the wrong type, or if both transforms are there.
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
