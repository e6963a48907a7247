import { fail } from "../options.ts";
import { type Checkpoint, commitsTo, rangesOf } from "../checkpoints/checkpoint.ts";
import { CheckpointWriter } from "../checkpoints/checkpoint-writer.ts";
import { DeadLetterWriter } from "../dead-letters/dead-letter-writer.ts";
import { type Emit, emitterOf } from "../telemetry/emitter.ts";
import type { Pipeline, PipelineContext } from "../pipeline/pipeline.ts";
import { type Observed, observedBy } from "../pipeline/run-event.ts";
import { Expectation } from "./expectation.ts";
import type { RunSettings } from "../pipeline/run-options.ts";

/** Facts about a run when it is made. */
export interface RunParts<E, T> {
  /** The user's functions. */
  readonly pipeline: Pipeline<E, T>;
  /** The options of the run. */
  readonly settings: RunSettings<E>;
  /** Context of the user's functions. */
  readonly context: PipelineContext;
  /** When the run began, by the clock that durations are measured with. */
  readonly begin: number;
}

/** Parts of a run. */
export interface RunResources<E, T> extends RunParts<E, T> {
  /** Takes dead letters, where there are any. */
  readonly deadLetterWriter: DeadLetterWriter | undefined;
  /** Keeps what is finished, where the run has checkpoints. */
  readonly checkpointWriter: CheckpointWriter | undefined;
  /** The key of the checkpoint. */
  readonly key: string;
  /** Expected size of the source. */
  readonly expected: Expectation;
  /** Tells the observer of the run, where there is one. */
  readonly emit: Emit | undefined;
}

/**
 * Makes what a run works with; locks its dead-letter stream, and calls nothing yet. `onLost` is told
 * of a checkpoint that could not be kept.
 *
 * @throws {ConfigurationError} If somebody else writes to that stream.
 */
export function resourcesOf<E, T>(
  parts: RunParts<E, T>,
  onLost: (error: unknown) => void,
): RunResources<E, T> {
  const { pipeline, settings, context, begin } = parts;
  const { runId, signal } = context;
  const { fingerprint, checkpointInterval: interval } = settings;
  const { partition, checkpoints: store, lease, deadLetters, maxDeadLetters: max } = settings;
  const retry = settings.retry.load;
  const key = partition === undefined ? pipeline.name : JSON.stringify([pipeline.name, partition]);
  const deadLetterWriter = deadLetters &&
    new DeadLetterWriter({
      action: `run pipeline "${pipeline.name}"`,
      stream: deadLetters,
      max,
      signal,
      retry,
    });
  const { [observedBy]: own = [] } = pipeline as Observed;
  const observers = settings.observer === undefined ? own : [...own, settings.observer];
  const emit = emitterOf(observers, pipeline.name, runId, begin);
  const checkpointWriter = store && new CheckpointWriter({
    store,
    key,
    runId,
    lease,
    interval,
    fingerprint,
    hasMarks: commitsTo in pipeline.load,
    retry,
    signal,
    onFound: (checkpoint) => checkKnown(pipeline.name, settings, checkpoint),
    onFailure: onLost,
    ...(emit && { onWritten: (checkpoint) => emit({ type: "checkpoint:write", checkpoint }) }),
  });
  const expected = new Expectation(
    settings.total,
    (error) => emit?.({ type: "total:failure", error }),
  );
  return { ...parts, deadLetterWriter, checkpointWriter, key, expected, emit };
}

/**
 * Refuses to go on from a position that is known without telling the ones that come after it, and in
 * another version of the source.
 */
function checkKnown(
  name: string,
  { position, fingerprint }: Pick<RunSettings<never>, "position" | "fingerprint">,
  checkpoint: Checkpoint,
): void {
  const { fingerprint: known = fingerprint } = checkpoint;
  const isBegun = checkpoint.offset + checkpoint.done.length > 0;
  if (fingerprint !== undefined && known !== fingerprint && isBegun) {
    const rule = `that of the checkpoint, "${known}" (delete the checkpoint to start over)`;
    fail(`run pipeline "${name}"`, "fingerprint", rule, fingerprint);
  }
  if (position !== undefined || rangesOf(checkpoint).every(([, , at]) => at === undefined)) return;
  const rule = "given, as the checkpoint has a position, which would be lost (pass the function " +
    "that returned it, or delete the checkpoint to start over)";
  fail(`run pipeline "${name}"`, "position", rule, position);
}

/** True if a failed call fails the run, and nobody is told of a successful one. */
export function isFastPath<E, T>(resources: RunResources<E, T>): boolean {
  const { pipeline, settings, deadLetterWriter, checkpointWriter } = resources;
  const isOnce = Object.values(settings.retry).every(({ maxAttempts, attemptTimeout }) =>
    maxAttempts === 1 && attemptTimeout === Infinity
  );
  const { acknowledge, reject } = pipeline;
  const extras = [deadLetterWriter, checkpointWriter, settings.rateLimit, acknowledge, reject];
  return isOnce && extras.every((extra) => extra === undefined);
}
