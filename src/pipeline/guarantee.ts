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
  /**
   * The guarantee of runs that may be killed at any instant, and are repeated until one completes.
   */
  readonly guarantee: Guarantee;
  /** Why it holds, and no more. */
  readonly reason: string;
}

/** Settings that the guarantee follows from. */
type GuaranteeBasis = Pick<RunSettings<never>, "checkpoints" | "resume" | "retry">;

/**
 * Tells how often an item is loaded when a run is killed at any instant, and repeated until it
 * completes. It follows from the pipeline and its options, and calls nothing.
 *
 * It trusts what you say of the source: that it gives the same items in the same order again, unless
 * `replayable` is `false`; and with `resume: "source"`, that `extract` begins at the checkpoint.
 *
 * @example Without checkpoints a repeated run loads everything again
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
    return atLeastOnce("the source gives again what was loaded but not yet acknowledged");
  }
  if (pipeline.replayable === false) {
    const lost = "the source cannot be read again: what was read and not yet loaded is lost";
    const { maxAttempts } = retry.load;
    const again = maxAttempts > 1 ? "; a load that is tried again may load some items twice" : "";
    return { guarantee: "at-most-once", reason: lost + again };
  }
  if (checkpoints === undefined) {
    return atLeastOnce("without checkpoints a repeated run loads everything again");
  }
  const { weakness } = pipeline.load as { weakness?: string }; // Of a load that fans out.
  if (weakness || storeOf(pipeline) !== checkpoints) {
    return atLeastOnce(
      "what was loaded after the last checkpoint is loaded again: " +
        `${weakness ?? "the load"} does not commit its rows together with the checkpoint`,
    );
  }
  const source = resume === "skip"
    ? "the source gives the same items in the same order"
    : "extract begins at the checkpoint";
  const reason = `rows and checkpoint are one commit, as long as ${source}`;
  return { guarantee: "effectively-once", reason };
}

/**
 * Checks and completes the options of a run of a pipeline. The first of the `layers` has the defaults
 * of the pipeline.
 *
 * @throws {ConfigurationError} If an option breaks its rule, or what is to be guaranteed cannot hold.
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

/** Refuses defaults that ask for what cannot hold, whatever the options of a run are. */
export function checkDefaults<E, T>(
  action: string,
  pipeline: Pipeline<E, T>,
  defaults: RunOptions<E>,
): void {
  const settings = checkRunOptions(action, pipeline, defaults);
  checkReplayable(action, pipeline, settings);
  checkTransformOptions(action, pipeline, [defaults]);
  // A run may still bring the checkpoints.
  const checkpoints = settings.checkpoints ?? storeOf(pipeline);
  checkGuarantee(action, { ...settings, checkpoints }, pipeline, true);
}

/**
 * Refuses checkpoints of a source that does not give the same items again: the next run would drop as
 * many new ones as the last has finished.
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
  const step = "(a broker keeps what was not acknowledged; set 'replayable: true' on the " +
    "pipeline if the source gives all items in the same order again, acknowledged ones too)";
  fail(action, "checkpoints", `omitted if 'acknowledge' is given, ${why} ${step}`, checkpoints);
}

/**
 * Refuses what is to be guaranteed and cannot hold. As long as the source `isUnknown`, it may be a
 * leased one that has ids, for a load that keeps them.
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
    const rule = "omitted if a load may be called again, which may load some items twice";
    fail(action, "guarantee", rule, wanted);
  }
  // What is loaded neither twice nor never keeps the two others as well.
  if (wanted === undefined || wanted === guarantee || guarantee === "effectively-once") return;
  if (isUnknown && guarantee === "at-least-once" && keepsDeliveries(pipeline.load)) return;
  // What lies in the source no option changes.
  const isOfCheckpoints = guarantee === "at-least-once" && pipeline.acknowledge === undefined;
  const step = isOfCheckpoints
    ? " (give 'sink.load' itself, or a function to 'sink.wrap', and 'sink.checkpoints')"
    : "";
  fail(action, "guarantee", `"${guarantee}", as ${reason}${step}`, wanted);
}

/** The store whose marks a load commits together with its rows. */
function storeOf<E, T>({ load }: Pipeline<E, T>): CheckpointStore | undefined {
  return (load as { [commitsTo]?: CheckpointStore })[commitsTo];
}
