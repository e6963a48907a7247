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

/** A pipeline that can be run, any number of times. Made by `etl`. */
export class Etl<E, T = E> {
  /** Name by which every copy of this package recognises the class. */
  static readonly millrace: string = "Etl";

  /** The functions of the pipeline. */
  readonly pipeline: Pipeline<E, T>;
  /** Options of every run that does not give its own. */
  readonly defaults: RunOptions<E>;

  /**
   * Makes a pipeline that can be run.
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
   * Runs the pipeline to its end, and gives the report.
   *
   * It rejects with `PipelineError` if a stage fails, with `CancelledError` if it is stopped by its
   * signal, and with `ConfigurationError`, before anything is called, if an option breaks its rule.
   * A rejection that nobody handles is not reported by the runtime.
   */
  run(options: RunOptions<E> = {}): Promise<RunReport> {
    return finishedOf(() => this.start(options));
  }

  /**
   * Begins a run that can be watched, drained and aborted.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  start(options: RunOptions<E> = {}): Run {
    const action = `run pipeline "${this.name}"`;
    const settings = settingsOf(action, this.pipeline, options, this.defaults);
    return new Run(this.pipeline as Pipeline<unknown, unknown>, settings as RunSettings<unknown>);
  }

  /**
   * Returns the guarantee of a run with these options, and the reason. Nothing is called.
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
 * Makes a pipeline that can be run: extract → batches → transform → load.
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
