import { fail } from "../options.ts";
import { type Adapting, ownSettings } from "./own-settings.ts";
import { type Observed, observedBy } from "./run-event.ts";
import type { Pipeline } from "./pipeline.ts";
import type { RunOptions, RunSettings } from "./run-options.ts";

/** Options that have no effect without another option. */
const partners: Readonly<Partial<Record<keyof RunOptions<never>, keyof RunOptions<never>>>> = {
  isolate: "deadLetters",
  isolationBudget: "deadLetters",
  maxDeadLetters: "deadLetters",
  position: "checkpoints",
  resume: "checkpoints",
  partition: "checkpoints",
  lease: "checkpoints",
  checkpointInterval: "checkpoints",
  whenCompleted: "checkpoints",
  fingerprint: "checkpoints",
  stallTimeout: "observer",
  progressInterval: "onProgress",
};

/** Options that shape the delays between attempts. */
const delays = ["baseDelay", "maxDelay", "factor", "jitter"] as const;

/** Any options, by their names. */
type Named = Readonly<Record<string, unknown>>;

/**
 * Rejects options that have no effect in a run of a pipeline. `given` holds the options of the run
 * and of its pipeline, but not those that a manager shares between pipelines. The required partner
 * option may come from anywhere.
 */
export function checkEffects<E, T>(
  action: string,
  pipeline: Pipeline<E, T>,
  settings: RunSettings<E>,
  given: readonly RunOptions<never>[],
): void {
  checkTransformOptions(action, pipeline, given);
  checkIgnored(action, pipeline, given);
  for (const [name, partner] of Object.entries(partners)) {
    const value = (settings as unknown as Named)[name];
    if (givenIn(given, name) === undefined || value === undefined) continue;
    if (value === Infinity) continue; // `Infinity` means no limit, so it counts as not given.
    if ((settings as unknown as Named)[partner] !== undefined) continue;
    if (partner === "observer" && (pipeline as Observed)[observedBy] !== undefined) continue;
    fail(action, name, `omitted without '${partner}'`, value);
  }
  const { isolationBudget = Infinity } =
    given.find(({ isolate, isolationBudget }) => (isolate ?? isolationBudget) !== undefined) ?? {};
  if (settings.isolate === "none" && isolationBudget !== Infinity) {
    fail(action, "isolationBudget", `omitted if 'isolate' is "none"`, isolationBudget);
  }
  const retry = (givenIn(given, "retry") ?? {}) as Named;
  for (const stage of [retry, ...Object.values(retry)]) checkDelays(action, Object(stage));
}

/** Rejects options that only another kind of transform uses. No option of a run changes that. */
export function checkTransformOptions<E, T>(
  action: string,
  { transform, transformBatch }: Pipeline<E, T>,
  given: readonly RunOptions<never>[],
): void {
  const concurrency = givenIn(given, "concurrency");
  if (concurrency !== undefined && transform === undefined) {
    const rule = transformBatch === undefined
      ? "omitted without 'transform'"
      : "omitted if 'transformBatch' is given, which is called once per batch ('workers' may help)";
    fail(action, "concurrency", rule, concurrency);
  }
}

/** Rejects options that this kind of pipeline ignores. */
function checkIgnored(
  action: string,
  pipeline: object,
  given: readonly RunOptions<never>[],
): void {
  const { ignored = [], expected = "" } = (pipeline as Adapting)[ownSettings] ?? {};
  for (const name of ignored) {
    const value = givenIn(given, name);
    if (value !== undefined) fail(action, name, expected, value);
  }
}

/** Returns the first value given for an option. */
function givenIn(given: readonly RunOptions<never>[], name: string): unknown {
  return given.map((layer) => (layer as Named)[name]).find((value) => value !== undefined);
}

/** Rejects retry delays if there are no retries. */
function checkDelays(action: string, retry: Named): void {
  const name = delays.find((delay) => retry[delay] !== undefined);
  if (name === undefined || retry.maxAttempts !== undefined) return;
  fail(action, `retry.${name}`, "omitted without 'maxAttempts', which is 1", retry[name]);
}
