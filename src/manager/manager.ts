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

/** Number of pipelines at once, and the options that they share. */
export interface ManagerOptions extends Omit<RunOptions<never>, "workers" | "signal"> {
  /**
   * Pipelines that run at once: a positive integer. How many batches a pipeline loads at once is
   * set where it is made, by `etl()`.
   * @default {4}
   */
  workers?: number | undefined;
  /**
   * If true, the first failure drains the other pipelines and starts no further one.
   * @default {false}
   */
  failFast?: boolean | undefined;
}

/** When a pipeline of a manager runs. */
export interface AddOptions {
  /** The names of the pipelines that have to complete before it. */
  after?: readonly string[] | undefined;
}

/** Options of a run of all pipelines. */
export interface RunAllOptions {
  /** Drains every pipeline when it aborts, and starts no further one. */
  signal?: AbortSignal | undefined;
}

/** Result of `etl()` of any types, which a manager runs. */
export interface ManagedEtl {
  /** The name of the pipeline. */
  readonly name: string;
  /** The functions of the pipeline. */
  readonly pipeline: object;
  /** Options of every run that does not give its own. */
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

/** A pipeline that was added, and those that have to complete before it. */
interface Member {
  readonly etl: ManagedEtl;
  readonly after: readonly string[];
}

/**
 * Runs many pipelines: up to `workers` at once, and some after others.
 *
 * A pipeline's own defaults win over the options of the manager. A pipeline that comes after one
 * that did not complete is reported as `"skipped"`.
 *
 * @example Two at once, and a third one after both
 * ```ts
 * import { etl, EtlManager } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const order: string[] = []; const make = (name: string) => etl({ name, extract: () => [1], load:
 * () => void order.push(name) }); const manager = new EtlManager({ workers: 2 })
 * .add(make("report"), { after: ["users", "sales"] }) .add(make("users")) .add(make("sales"));
 * equal((await manager.runAll()).outcome, "completed"); equal(order.at(-1), "report");
 * ```
 */
export class EtlManager {
  readonly #shared: RunOptions<never>; // One object for all pipelines.
  readonly #workers: number;
  readonly #failFast: boolean;
  readonly #members = new Map<string, Member>();
  readonly #going = new Set<ManagerRun>();
  readonly #waiting = new Set<(run: ManagerRun) => void>(); // Who watches the next one.

  /**
   * Makes a manager without pipelines.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(options: ManagerOptions = {}) {
    const action = "construct EtlManager";
    const { workers, failFast, ...shared } = checkOptions<
      ManagerOptions,
      Exclude<OpenRunOptions, "signal"> | "rateLimit"
    >(action, options, managerOptions);
    const { retry, rateLimit } = shared;
    checkRunOptions(action, { load() {} }, { retry, rateLimit }); // What is within them as well.
    this.#workers = workers;
    this.#failFast = failFast;
    this.#shared = Object.freeze(shared);
  }

  /**
   * Adds a pipeline, and gives the manager.
   * @throws {ConfigurationError} If it is none, or one of this name is there already.
   */
  add(etl: ManagedEtl, options: AddOptions = {}): this {
    const action = "add pipeline";
    if (typeof etl?.defaults !== "object") { // As what is given may be the pipeline itself.
      fail(action, "etl", "the result of etl()", etl);
    }
    const { after } = checkOptions(action, options, addOptions);
    if (this.#members.has(etl.name)) fail(action, "name", "unique", etl.name);
    this.#members.set(etl.name, { etl, after: [...after] });
    return this;
  }

  /**
   * Runs all pipelines, and gives their reports once every one that was started has settled.
   *
   * It rejects with `ManagerError` if one failed or the signal aborted, and with
   * `ConfigurationError`, before anything is called, if a pipeline comes after one that is not
   * there, or, directly or through others, after itself.
   */
  runAll(options: RunAllOptions = {}): Promise<ManagerReport> {
    return finishedOf(() => this.start(options));
  }

  /**
   * Begins to run all pipelines, as `runAll` does, and lets them be watched.
   * @throws {ConfigurationError} If a pipeline comes after one that is not there, or after itself.
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
   * Streams the progress of the pipelines every `interval` milliseconds and once at their end: of
   * the `runAll` or `start` in progress, or else of the next one.
   *
   * @throws {ConfigurationError} If `interval` is no number above 0.
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

  /** Refuses names that are unknown, and circles. */
  #checkOrder(): void {
    for (const [name, { after }] of this.#members) {
      const unknown = after.find((other) => !this.#members.has(other));
      if (unknown === undefined) continue;
      fail(runAction(name), "after", "a name of an added pipeline", unknown);
    }
    this.#checkCircles();
  }

  /** Refuses circles. It walks without recursion, as a chain may be longer than the stack is deep. */
  #checkCircles(): void {
    const seen = new Set<string>();
    const path = new Set<string>(); // Each comes after the next.
    const stack = [...this.#members.keys()].reverse(); // The first one is looked at first.
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

/** Refuses a path that has come back to where it was. */
function refuseCircle(path: readonly string[]): never {
  const name = path.at(-1)!;
  const circle = path.slice(path.indexOf(name)).join(" → ");
  return fail(runAction(name), "after", "free of cycles", circle);
}

function runAction(name: string): string {
  return `run pipeline "${name}"`;
}
