import type { CheckpointStore } from "../../checkpoints/checkpoint.ts";
import { anyObject, callable, fail } from "../../options.ts";
import type { RunBudget } from "../../pipeline/run-budget.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import type { RunReport } from "../../report-types.ts";
import { StepStore } from "./step-token.ts";

/** The subset of a pipeline from `etl` that is used. */
export interface SteppedEtl<E> {
  /** The name of the pipeline. */
  readonly name: string;
  /** Default options of its runs. */
  readonly defaults: RunOptions<E>;
  /** Runs the pipeline. */
  run(options: RunOptions<E>): Promise<RunReport>;
}

/** Options of a step: those of a run, and the token of the previous step. */
export interface StepOptions<E> extends RunOptions<E> {
  /**
   * Approximate length of the step: see the run option.
   * @default {{ duration: 20_000 }}
   */
  budget?: RunBudget | undefined;
  /**
   * Token of the previous step, if no `checkpoints` store the progress. Without it, the first step
   * begins.
   */
  token?: string | undefined;
}

/** Result of a step. */
export interface Step {
  /** True if the source has ended and everything is loaded: there is no next step. */
  readonly isDone: boolean;
  /**
   * Token to pass to the next step: JSON of at most 4096 bytes. Omitted if `checkpoints` store the
   * progress. The token of the last step lets a later run resume with items that have arrived since.
   */
  readonly token?: string;
  /** The report of the step; `earlier` counts the items that previous steps finished. */
  readonly report: RunReport;
}

/** Duration of a step without a budget, in milliseconds. */
const stepDuration = 20_000;

/**
 * Runs one step of a pipeline: for an alarm of a Durable Object, a tick of a cron trigger, a message of a
 * queue, a step of a workflow, or a request whose response has a token. The step ends when the source has
 * ended, or the budget is used up. By then everything it read is loaded, at least one batch more than the
 * step before.
 *
 * Progress is stored in the `checkpoints` of the run, or passed from step to step in a token. With a
 * token, a step that fails or is killed is repeated from the same token, and loads the same rows again.
 * With the checkpoints of a sink of this package, each row is loaded once.
 *
 * It rejects as a run does. Others could modify a token: sign it before you hand it out.
 *
 * @example Steps that go on from a token
 * ```ts
 * import { etl } from "millrace";
 * import { runStep } from "millrace/cloudflare";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const loaded: number[] = [];
 * const numbers = etl({
 *   name: "numbers",
 *   extract: () => [1, 2, 3, 4, 5],
 *   load: (rows) => void loaded.push(...rows),
 * }, { batchSize: 2, budget: { batches: 1 } });
 *
 * let step = await runStep(numbers);
 * deepEqual([step.isDone, loaded], [false, [1, 2]]);
 * while (!step.isDone) step = await runStep(numbers, { token: step.token });
 * deepEqual(loaded, [1, 2, 3, 4, 5]);
 * equal(step.report.earlier, 4);
 * ```
 *
 * @throws {ConfigurationError} If an option breaks its rule, or the token does not belong to this
 *   pipeline.
 */
export async function runStep<E>(
  etl: SteppedEtl<E>,
  { token, ...given }: StepOptions<E> = {},
): Promise<Step> {
  const action = "run a step";
  if (!anyObject.test(etl) || !callable.test(etl.run)) fail(action, "etl", "made by etl()", etl);
  const { name, defaults } = etl;
  const { partition, checkpoints, budget } = { ...defaults, ...told(given) };
  const own = checkpoints === undefined
    ? new StepStore(action, keyOf(name, partition), token)
    : undefined;
  if (own === undefined && token !== undefined) {
    fail(action, "token", "omitted if 'checkpoints' are given, which keep the same", token);
  }
  const store: { checkpoints?: CheckpointStore } = own === undefined ? {} : { checkpoints: own };
  const report = await etl.run({
    ...given,
    ...store,
    budget: budget ?? { duration: stepDuration },
  });
  const isDone = report.outcome === "completed";
  return { isDone, ...(own !== undefined && { token: own.token }), report };
}

/** The options that are given, as one that is `undefined` is not. */
function told<O extends object>(options: O): Partial<O> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<O>;
}

/** The key of the checkpoint of a run. */
function keyOf(name: string, partition: string | undefined): string {
  return partition === undefined ? name : JSON.stringify([name, partition]);
}
