import {
  abortSignal,
  checkOptions,
  fail,
  type OptionTable,
  positiveInteger,
  type Rule,
  truthValue,
} from "../options.ts";
import type { ManagerReport, ManagerSnapshot } from "../manager-report-types.ts";
import { finishedOf } from "../run/finished-of.ts";
import { settingsOf } from "../pipeline/guarantee.ts";
import { ManagerRun } from "./manager-run.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { progressOfNext, type ProgressOptions } from "../telemetry/progress.ts";
import {
  checkRunOptions,
  type OpenRunOptions,
  type RunOptions,
  runOptions,
} from "../pipeline/run-options.ts";
import { type PlannedRun, Schedule } from "./schedule.ts";
import { shareDeadLetters } from "./shared-dead-letters.ts";

/** Number of pipelines at the same time, and the options that they share. */
export interface ManagerOptions extends Omit<RunOptions<never>, "workers" | "signal"> {
  /**
   * Number of pipelines that run at the same time: a positive integer. To set how many batches a
   * pipeline loads at the same time, pass `workers` to `etl()`.
   * @default {4}
   */
  workers?: number | undefined;
  /**
   * If true, the first failure drains the other pipelines and starts no further one.
   * @default {false}
   */
  failFast?: boolean | undefined;
}

/** Order of a pipeline in a manager. */
export interface AddOptions {
  /** The names of the pipelines that must complete before it. */
  after?: readonly string[] | undefined;
}

/** Options of a run of all pipelines. */
export interface RunAllOptions {
  /** Drains every pipeline when it aborts; no further one starts. */
  signal?: AbortSignal | undefined;
}

/** Result of `etl()` with any types, which a manager can run. */
export interface ManagedEtl {
  /** The name of the pipeline. */
  readonly name: string;
  /** The functions of the pipeline. */
  readonly pipeline: object;
  /** Default options of every run. */
  readonly defaults: RunOptions<never>;
}

const arrayOfNames: Rule = {
  expected: "an array of names",
  test: (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
};
const { workers: _, signal: __, ...sharedOptions } = runOptions;
const managerOptions: OptionTable<ManagerOptions> = {
  ...sharedOptions,
  workers: [positiveInteger, 4],
  failFast: [truthValue, false],
};
const addOptions: OptionTable<AddOptions> = { after: [arrayOfNames, []] };
const runAllOptions: OptionTable<RunAllOptions> = { signal: [abortSignal] };

/** An added pipeline, and those that must complete before it. */
interface Member {
  readonly etl: ManagedEtl;
  readonly after: readonly string[];
}

/**
 * Runs many pipelines: up to `workers` at the same time, and some after others.
 *
 * A pipeline's own defaults take precedence over the options of the manager. A pipeline is reported as
 * `"skipped"` if one that it runs after did not complete.
 *
 * @example Two at once, and a third one after both
 * ```ts
 * import { etl, EtlManager } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const order: string[] = [];
 * const load = (name: string) => () => void order.push(name);
 * const make = (name: string) => etl({ name, extract: () => [1], load: load(name) });
 * const manager = new EtlManager({ workers: 2 })
 *   .add(make("report"), { after: ["users", "sales"] })
 *   .add(make("users"))
 *   .add(make("sales"));
 * equal((await manager.runAll()).outcome, "completed");
 * equal(order.at(-1), "report");
 * ```
 */
export class EtlManager {
  readonly #shared: RunOptions<never>; // One object for all pipelines.
  readonly #workers: number;
  readonly #failFast: boolean;
  readonly #members = new Map<string, Member>();
  readonly #going = new Set<ManagerRun>();
  readonly #waiting = new Set<(run: ManagerRun) => void>(); // Watchers of the next run.

  /**
   * Creates a manager without pipelines.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(options: ManagerOptions = {}) {
    const action = "construct EtlManager";
    const { workers, failFast, ...shared } = checkOptions<
      ManagerOptions,
      Exclude<OpenRunOptions, "signal"> | "rateLimit"
    >(action, options, managerOptions);
    const { retry, rateLimit } = shared;
    checkRunOptions(action, { load() {} }, { retry, rateLimit }); // Also checks their contents.
    this.#workers = workers;
    this.#failFast = failFast;
    this.#shared = Object.freeze(shared);
  }

  /**
   * Adds a pipeline and returns the manager.
   * @throws {ConfigurationError} If `etl` is not the result of `etl()`, or its name is already in use.
   */
  add(etl: ManagedEtl, options: AddOptions = {}): this {
    const action = "add pipeline";
    if (typeof etl?.defaults !== "object") { // It may be the pipeline itself.
      fail(action, "etl", "the result of etl()", etl);
    }
    const { after } = checkOptions(action, options, addOptions);
    if (this.#members.has(etl.name)) fail(action, "name", "unique", etl.name);
    this.#members.set(etl.name, { etl, after: [...after] });
    return this;
  }

  /**
   * Runs all pipelines, and returns their reports once every one that was started has settled.
   *
   * Rejects with `ManagerError` if one failed or the signal aborted. Rejects with `ConfigurationError`,
   * before anything is called, if a pipeline runs after an unknown one, or, directly or through others,
   * after itself.
   */
  runAll(options: RunAllOptions = {}): Promise<ManagerReport> {
    return finishedOf(() => this.start(options));
  }

  /**
   * Starts all pipelines, as `runAll` does, and lets you watch them.
   * @throws {ConfigurationError} If a pipeline runs after an unknown one, or after itself.
   */
  start(options: RunAllOptions = {}): ManagerRun {
    const { signal } = checkOptions<RunAllOptions, "signal">(
      "run pipelines",
      options,
      runAllOptions,
    );
    this.#checkOrder();
    const { entries, release } = shareDeadLetters(this.#plan());
    const limits = { workers: this.#workers, failFast: this.#failFast, signal };
    const run = new ManagerRun(new Schedule(entries, limits), () => {
      release();
      this.#going.delete(run);
    });
    this.#going.add(run);
    for (const take of this.#waiting) take(run);
    this.#waiting.clear();
    return run;
  }

  /**
   * Streams the progress of the pipelines every `interval` milliseconds, and once at their end. It
   * follows the `runAll` or `start` in progress, or else the next one.
   *
   * @throws {ConfigurationError} If `interval` is not a number above 0.
   */
  progress(options: ProgressOptions = {}): ReadableStream<ManagerSnapshot> {
    const latest = [...this.#going].at(-1);
    if (latest !== undefined) return latest.progress(options);
    return progressOfNext<ManagerSnapshot>((take) => {
      this.#waiting.add(take);
      return () => void this.#waiting.delete(take);
    }, options);
  }

  #plan(): PlannedRun[] {
    return [...this.#members].map(([name, { etl, after }]): PlannedRun => {
      const pipeline = etl.pipeline as Pipeline<unknown, unknown>;
      const settings = settingsOf(runAction(name), pipeline, {}, etl.defaults, this.#shared);
      return { name, pipeline, settings, after };
    });
  }

  /** Rejects unknown names, and cycles. */
  #checkOrder(): void {
    for (const [name, { after }] of this.#members) {
      const unknown = after.find((other) => !this.#members.has(other));
      if (unknown === undefined) continue;
      fail(runAction(name), "after", "a name of an added pipeline", unknown);
    }
    this.#checkCircles();
  }

  /** Rejects cycles. It does not recurse, as a chain may be longer than the stack is deep. */
  #checkCircles(): void {
    const seen = new Set<string>();
    const path = new Set<string>(); // Each runs after the next.
    const stack = [...this.#members.keys()].reverse(); // The first one is checked first.
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      if (seen.has(name)) {
        path.delete(name);
        stack.pop();
        continue;
      }
      seen.add(name);
      path.add(name);
      for (const other of this.#members.get(name)!.after) {
        if (path.has(other)) refuseCircle([...path, other]);
        stack.push(other);
      }
    }
  }
}

/** Rejects a path that returns to an earlier name. */
function refuseCircle(path: readonly string[]): never {
  const name = path.at(-1)!;
  const circle = path.slice(path.indexOf(name)).join(" → ");
  return fail(runAction(name), "after", "free of cycles", circle);
}

function runAction(name: string): string {
  return `run pipeline "${name}"`;
}
