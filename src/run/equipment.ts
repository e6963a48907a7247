import { fail } from "../options.ts";
import { type Checkpoint, rangesOf } from "../checkpoints/checkpoint.ts";
import { CheckpointWriter } from "../checkpoints/checkpoint-writer.ts";
import { DeadLetterWriter } from "../dead-letters/dead-letter-writer.ts";
import { emitterOf } from "../telemetry/emitter.ts";
import type { Pipeline, PipelineContext } from "../pipeline/pipeline.ts";
import { type Observed, observedBy } from "../pipeline/run-event.ts";
import type { RunSettings } from "../pipeline/run-options.ts";
import type { Equipment } from "./station.ts";

/** What is known of a run when it is made. */
export interface RunParts<E, T> {
  readonly pipeline: Pipeline<E, T>;
  readonly settings: RunSettings<E>;
  readonly context: PipelineContext;
  /** When the run began, by the clock that durations are measured with. */
  readonly begin: number;
  /** The checkpoint could not be kept. */
  onLost(error: unknown): void;
}

/**
 * Makes what a run works with; locks its dead-letter stream, and calls nothing yet.
 *
 * @throws {ConfigurationError} If somebody else writes to that stream.
 */
export function equipmentOf<E, T>(parts: RunParts<E, T>): Equipment<E, T> {
  const { pipeline, settings, context, begin, onLost } = parts;
  const { runId } = context;
  const { partition, checkpoints: store, lease, deadLetters, maxDeadLetters: max } = settings;
  const key = partition === undefined ? pipeline.name : JSON.stringify([pipeline.name, partition]);
  const outlet = deadLetters &&
    new DeadLetterWriter({
      action: `run pipeline "${pipeline.name}"`,
      stream: deadLetters,
      max,
      signal: context.signal,
      retry: settings.retry.load,
    });
  const { [observedBy]: own = [] } = pipeline as Observed;
  const observers = settings.observer === undefined ? own : [...own, settings.observer];
  const emit = emitterOf(observers, pipeline.name, runId, begin);
  const keeper = store && new CheckpointWriter({
    ...{ store, key, runId, lease, retry: settings.retry.load, signal: context.signal },
    onFound: (checkpoint) => checkKnown(pipeline.name, settings, checkpoint),
    onFailure: onLost,
    ...(emit && { onWritten: (checkpoint) => emit({ type: "checkpoint:write", checkpoint }) }),
  });
  return { pipeline, settings, context, outlet, keeper, key, emit, begin };
}

/** Refuses to go on from a position that is known without telling the ones that come after it. */
function checkKnown(
  name: string,
  { position }: Pick<RunSettings<never>, "position">,
  checkpoint: Checkpoint,
): void {
  if (position !== undefined || rangesOf(checkpoint).every(([, , at]) => at === undefined)) return;
  const rule = "given, as the checkpoint has a position, which would be lost (give the function " +
    "that it comes from, or remove the checkpoint to begin anew)";
  fail(`run pipeline "${name}"`, "position", rule, position);
}
