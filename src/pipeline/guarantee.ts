import { fail } from "../options.ts";
import { keepsDeliveries } from "../checkpoints/deliveries.ts";
import { type CheckpointStore, commitsTo } from "../checkpoints/checkpoint.ts";
import type { Guarantee } from "../report-types.ts";
import { checkEffects, checkTransformOptions } from "./effects.ts";
import type { Pipeline } from "./pipeline.ts";
import { settingsFor } from "./own-settings.ts";
import { checkRunOptions, type RunOptions, type RunSettings } from "./run-options.ts";

/** Guarantee of a run, with the reason. */
export interface GuaranteeDescription {
  /** Guarantee that holds even if runs are killed at any moment and repeated until one completes. */
  readonly guarantee: Guarantee;
  /** Reason why it holds, and why no stronger guarantee does. */
  readonly reason: string;
}

/** Settings that determine the guarantee. */
type GuaranteeBasis = Pick<RunSettings<never>, "checkpoints" | "resume" | "retry">;

/**
 * Returns how often an item is loaded if runs are killed at any moment and repeated until one
 * completes. Derives this from the pipeline and its options, and calls nothing.
 *
 * It trusts you about the source. Unless `replayable` is `false`, the source must yield the same
 * items in the same order again. With `resume: "source"`, `extract` must begin at the checkpoint.
 *
 * @example Without checkpoints, a repeated run loads all items again
 * ```ts
 * import { describeGuarantee } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const pipeline = { name: "numbers", extract: () => [1, 2, 3], load: () => {} };
 * equal(describeGuarantee(pipeline).guarantee, "at-least-once");
 * ```
 *
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function describeGuarantee<E, T>(
  pipeline: Pipeline<E, T>,
  options: RunOptions<E> = {},
): GuaranteeDescription {
  const action = `describe pipeline "${pipeline.name}"`;
  return guaranteeOf(pipeline, checkRunOptions(action, pipeline, options));
}

/** Derives the guarantee of complete options. */
export function guaranteeOf<E, T>(
  pipeline: Pipeline<E, T>,
  { checkpoints, resume, retry }: GuaranteeBasis,
): GuaranteeDescription {
  const atLeastOnce = (reason: string) => ({ guarantee: "at-least-once", reason } as const);
  if (pipeline.acknowledge !== undefined) {
    return atLeastOnce("the source redelivers items loaded but not yet acknowledged");
  }
  if (pipeline.replayable === false) {
    const lost = "the source cannot be read again: items read but not yet loaded are lost";
    const { maxAttempts } = retry.load;
    const again = maxAttempts > 1 ? "; a retried load may load some items twice" : "";
    return { guarantee: "at-most-once", reason: lost + again };
  }
  if (checkpoints === undefined) {
    return atLeastOnce("without checkpoints, a repeated run loads all items again");
  }
  const { weakness } = pipeline.load as { weakness?: string }; // Set for a load that fans out.
  if (weakness || storeOf(pipeline) !== checkpoints) {
    return atLeastOnce(
      "items loaded after the last checkpoint are loaded again: " +
        `${weakness ?? "the load"} does not commit its rows together with the checkpoint`,
    );
  }
  const source = resume === "skip"
    ? "the source yields the same items in the same order"
    : "extract begins at the checkpoint";
  const reason = `rows and checkpoint are one commit, as long as ${source}`;
  return { guarantee: "effectively-once", reason };
}

/**
 * Checks and completes the run options of a pipeline. The first of the `layers` holds the defaults
 * of the pipeline.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or the requested guarantee cannot hold.
 */
export function settingsOf<E, T>(
  action: string,
  pipeline: Pipeline<E, T>,
  options: RunOptions<E>,
  ...layers: readonly RunOptions<never>[]
): RunSettings<E> {
  const settings = settingsFor(pipeline, checkRunOptions(action, pipeline, options, ...layers));
  checkReplayable(action, pipeline, settings);
  checkEffects(action, pipeline, settings, [options, ...layers.slice(0, 1)]);
  checkGuarantee(action, settings, pipeline, true);
  return settings;
}

/** Rejects defaults whose guarantee cannot hold, whatever the options of a run. */
export function checkDefaults<E, T>(
  action: string,
  pipeline: Pipeline<E, T>,
  defaults: RunOptions<E>,
): void {
  const settings = checkRunOptions(action, pipeline, defaults);
  checkReplayable(action, pipeline, settings);
  checkTransformOptions(action, pipeline, [defaults]);
  // The options of a run may still add checkpoints.
  const checkpoints = settings.checkpoints ?? storeOf(pipeline);
  checkGuarantee(action, { ...settings, checkpoints }, pipeline, true);
}

/**
 * Rejects checkpoints if the source does not yield the same items again. Otherwise the next run
 * would drop as many new items as the last run finished.
 */
function checkReplayable<E, T>(
  action: string,
  { acknowledge, replayable }: Pipeline<E, T>,
  { checkpoints, retry: { extract } }: Pick<RunSettings<never>, "checkpoints" | "retry">,
): void {
  const isReplayable = replayable ?? acknowledge === undefined;
  if (extract.maxAttempts > 1 && !isReplayable) {
    const rule = "omitted unless the source can be read again ('replayable: true')";
    fail(action, "retry.extract", rule, extract);
  }
  if (checkpoints === undefined || replayable === true) return;
  const why = "as they count items by offset, and new items at the offsets of finished ones " +
    "would be dropped";
  if (replayable === false) {
    const step = "(omit 'replayable' if the source returns the same items in the same order again)";
    fail(
      action,
      "checkpoints",
      `omitted if 'replayable' is false, ${why} ${step}`,
      checkpoints,
    );
  }
  if (acknowledge === undefined) return;
  const step = "(the broker keeps unacknowledged items; set 'replayable: true' on the " +
    "pipeline if the source yields all items in the same order again, even acknowledged ones)";
  fail(action, "checkpoints", `omitted if 'acknowledge' is given, ${why} ${step}`, checkpoints);
}

/**
 * Rejects a guarantee that cannot hold. While the source `isUnknown`, it may be a leased source
 * with ids, for a load that keeps them.
 */
export function checkGuarantee<E, T>(
  action: string,
  settings: RunSettings<never>,
  pipeline: Pipeline<E, T>,
  isUnknown: boolean,
): void {
  const { guarantee: wanted, retry, deadLetters, isolate } = settings;
  const { guarantee, reason } = guaranteeOf(pipeline, settings);
  const isIsolating = deadLetters !== undefined && isolate === "bisect";
  if (wanted === "at-most-once" && (retry.load.maxAttempts > 1 || isIsolating)) {
    const rule = "omitted if a load may be called again, as that may load some items twice";
    fail(action, "guarantee", rule, wanted);
  }
  // Effectively-once includes the two other guarantees.
  if (wanted === undefined || wanted === guarantee || guarantee === "effectively-once") return;
  if (isUnknown && guarantee === "at-least-once" && keepsDeliveries(pipeline.load)) return;
  // No option can change a weakness of the source.
  const isOfCheckpoints = guarantee === "at-least-once" && pipeline.acknowledge === undefined;
  const step = isOfCheckpoints
    ? " (pass 'sink.load' itself or 'sink.wrap(…)', and 'sink.checkpoints')"
    : "";
  fail(action, "guarantee", `"${guarantee}", as ${reason}${step}`, wanted);
}

/** Returns the store whose marks a load commits with its rows. */
function storeOf<E, T>({ load }: Pipeline<E, T>): CheckpointStore | undefined {
  return (load as { [commitsTo]?: CheckpointStore })[commitsTo];
}
