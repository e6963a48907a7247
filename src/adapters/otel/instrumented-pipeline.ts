import { type Adapting, ownSettings } from "../../pipeline/own-settings.ts";
import { batchSizeOfLoad, type Pipeline, type PipelineContext } from "../../pipeline/pipeline.ts";
import { type Observed, observedBy, type RunEvent } from "../../pipeline/run-event.ts";
import { type CheckpointStore, commitsTo } from "../../checkpoints/checkpoint.ts";
import type { RunWatch } from "./run-watch.ts";

/** Function that returns the watch of the run that a function is called for, if it is watched. */
export type WatchOf = (context: PipelineContext) => RunWatch | undefined;

/** Options for wrapping the functions of a pipeline. */
export interface Wrapping {
  readonly watchOf: WatchOf;
  /**
   * If true, `transform` is called within the span of the run. It is the only function that is
   * called for each item, and needs the span only if the whole run was not started within it.
   */
  readonly wrapsTransform: boolean;
  /** Called with every event of its runs. */
  readonly observe: (event: RunEvent) => void;
}

type Load<E, T> = Pipeline<E, T>["load"] & {
  [commitsTo]?: CheckpointStore;
  batchSize?: number | undefined;
};

/**
 * The same pipeline, whose functions are called within spans. They are called as members of the
 * pipeline that was given, so that a class finds its own fields, and what it lacks is lacking here.
 */
export function instrumentedPipeline<E, T>(
  pipeline: Pipeline<E, T>,
  { watchOf, wrapsTransform, observe }: Wrapping,
): Pipeline<E, T> & Observed & Adapting {
  const within = <R>(context: PipelineContext, call: () => R): R => {
    const watch = watchOf(context);
    return watch === undefined ? call() : watch.scope.run(call);
  };
  const load: Load<E, T> = (rows, context) => {
    const watch = watchOf(context);
    if (watch === undefined) return pipeline.load(rows, context);
    return watch.load(rows.length, context, () => pipeline.load(rows, context));
  };
  const store = (pipeline.load as Load<E, T>)[commitsTo];
  if (store !== undefined) load[commitsTo] = store; // The guarantee follows from it.
  load.batchSize = batchSizeOfLoad(pipeline);
  const transform: NonNullable<Pipeline<E, T>["transform"]> = wrapsTransform
    ? (item, context) => within(context, () => pipeline.transform!(item, context))
    : (item, context) => pipeline.transform!(item, context);
  const { preProcess, transformBatch, postProcess, finalize, acknowledge, reject } = pipeline;
  return {
    name: pipeline.name,
    replayable: pipeline.replayable,
    [observedBy]: [...(pipeline as Observed)[observedBy] ?? [], observe],
    [ownSettings]: (pipeline as Adapting)[ownSettings],
    extract: (context) => within(context, () => pipeline.extract(context)),
    load,
    transform: pipeline.transform && transform,
    transformBatch: transformBatch &&
      ((items, context) => within(context, () => pipeline.transformBatch!(items, context))),
    preProcess: preProcess &&
      ((context) => within(context, () => pipeline.preProcess!(context))),
    postProcess: postProcess &&
      ((context) => within(context, () => pipeline.postProcess!(context))),
    finalize: finalize &&
      ((outcome, context) => within(context, () => pipeline.finalize!(outcome, context))),
    acknowledge: acknowledge &&
      ((items, context) => within(context, () => pipeline.acknowledge!(items, context))),
    reject: reject &&
      ((items, error, context) => within(context, () => pipeline.reject!(items, error, context))),
  };
}
