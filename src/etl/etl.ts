import type { RunReport } from "../report-types.ts";
import {
  checkDefaults,
  type GuaranteeDescription,
  guaranteeOf,
  settingsOf,
} from "../pipeline/guarantee.ts";
import { checkPipeline, type Pipeline } from "../pipeline/pipeline.ts";
import { finishedOf } from "../run/finished-of.ts";
import { settingsFor } from "../pipeline/own-settings.ts";
import { Run } from "../run/run.ts";
import { checkRunOptions, type RunOptions, type RunSettings } from "../pipeline/run-options.ts";

/** Facts about a pipeline before it runs. */
export interface EtlDescription extends GuaranteeDescription {
  /** The name of the pipeline. */
  readonly name: string;
}

/** A pipeline that can run any number of times. Made by `etl`. */
export class Etl<E, T = E> {
  /** Name by which all copies of this package recognise the class. */
  static readonly millrace: string = "Etl";

  /** The functions of the pipeline. */
  readonly pipeline: Pipeline<E, T>;
  /** Default options of every run. */
  readonly defaults: RunOptions<E>;

  /**
   * Creates a pipeline that can run.
   * @throws {ConfigurationError} If the pipeline or an option breaks its rule.
   */
  constructor(pipeline: Pipeline<E, T>, defaults: RunOptions<E> = {}) {
    checkPipeline(pipeline);
    checkDefaults(`create pipeline "${pipeline.name}"`, pipeline, defaults);
    this.pipeline = pipeline;
    this.defaults = Object.freeze({ ...defaults });
  }

  /** The name of the pipeline. */
  get name(): string {
    return this.pipeline.name;
  }

  /**
   * Runs the pipeline to its end and returns the report.
   *
   * Rejects with `PipelineError` if a stage fails, and with `CancelledError` if its signal stops
   * it. An option that breaks its rule rejects with `ConfigurationError` before anything is called.
   * A rejection that you do not handle is not reported by the runtime.
   */
  run(options: RunOptions<E> = {}): Promise<RunReport> {
    return finishedOf(() => this.start(options));
  }

  /**
   * Starts a run that you can watch, drain and abort.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  start(options: RunOptions<E> = {}): Run {
    const action = `run pipeline "${this.name}"`;
    const settings = settingsOf(action, this.pipeline, options, this.defaults);
    return new Run(this.pipeline as Pipeline<unknown, unknown>, settings as RunSettings<unknown>);
  }

  /**
   * Returns the guarantee of a run with these options, and the reason. It calls nothing.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  describe(options: RunOptions<E> = {}): EtlDescription {
    const { name, pipeline, defaults } = this;
    const action = `describe pipeline "${name}"`;
    const settings = settingsFor(pipeline, checkRunOptions(action, pipeline, options, defaults));
    return { name, ...guaranteeOf(pipeline, settings) };
  }
}

/**
 * Creates a pipeline that can run: extract → batches → transform → load.
 *
 * @example Squares in batches of two
 * ```ts
 * import { etl } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const loaded: number[][] = [];
 * const squares = etl({
 *   name: "squares",
 *   extract: () => [1, 2, 3],
 *   transform: (n) => n * n,
 *   load: (batch) => void loaded.push(batch),
 * });
 * const report = await squares.run({ batchSize: 2 });
 * deepEqual(loaded, [[1, 4], [9]]);
 * equal(report.loaded, 3);
 * ```
 *
 * @throws {ConfigurationError} If the pipeline or an option breaks its rule.
 */
export function etl<E, T = E>(pipeline: Pipeline<E, T>, defaults: RunOptions<E> = {}): Etl<E, T> {
  return new Etl(pipeline, defaults);
}
