import {
  abortSignal,
  callable,
  checkOptions,
  type OptionTable,
  positiveInteger,
  refuse,
  type Rule,
  truthValue,
} from "../options.ts";
import type { ManagerReport } from "../run-report.ts";
import type { Etl } from "./etl.ts";
import type { Pipeline } from "./pipeline.ts";
import { checkRunOptions, type RunOptions, runOptions } from "./run-options.ts";
import { type Entry, Schedule } from "./schedule.ts";

/** How many pipelines run together, and the options that they share. */
export interface ManagerOptions extends Omit<RunOptions<never>, "workers" | "signal"> {
  /**
   * Pipelines that run at once: a positive integer. How many batches each of them loads at once is
   * an option of its own.
   * @default {4}
   */
  workers?: number | undefined;
  /**
   * Whether the first failure drains the other pipelines, and starts no further one.
   * @default {false}
   */
  failFast?: boolean | undefined;
}

/** When a pipeline of a manager runs. */
export interface AddOptions {
  /** The names of the pipelines that have to complete before it. */
  after?: readonly string[] | undefined;
}

/** What stops all pipelines of a manager. */
export interface RunAllOptions {
  /** Drains every pipeline when it aborts, and starts no further one. */
  signal?: AbortSignal | undefined;
}

const arrayOfNames: Rule = {
  words: "an array of names",
  holds: (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
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
  readonly etl: Etl<unknown, unknown>;
  readonly after: readonly string[];
}

/**
 * Runs many pipelines: so many at once, some after others.
 *
 * What a pipeline was made with goes before the options of the manager. A pipeline that comes after
 * one that did not complete is reported as `"skipped"`.
 *
 * @example Two at once, and a third one after both
 * ```ts
 * import { etl, EtlManager } from "millrace";
 * import { equal } from "node:assert/strict";
 *
 * const order: string[] = [];
 * const make = (name: string) => etl({ name, extract: () => [1], load: () => void order.push(name) });
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

  /**
   * Makes a manager without pipelines.
   * @throws {ConfigurationError} If an option is unknown or breaks its rule.
   */
  constructor(options: ManagerOptions = {}) {
    const action = "construct EtlManager";
    const { workers, failFast } = checkOptions<ManagerOptions, keyof ManagerOptions>(
      action,
      options,
      managerOptions,
    );
    this.#workers = workers!;
    this.#failFast = failFast!;
    const { workers: _, failFast: __, ...shared } = options;
    this.#shared = Object.freeze(shared);
  }

  /**
   * Adds a pipeline, and gives the manager.
   * @throws {ConfigurationError} If it is none, or one of this name is there already.
   */
  add<E, T>(etl: Etl<E, T>, options: AddOptions = {}): this {
    const action = "add pipeline";
    if (!callable.holds(etl?.start)) refuse(action, "etl", "what etl() gives", etl);
    const { after } = checkOptions(action, options, addOptions);
    if (this.#members.has(etl.name)) refuse(action, "name", "one that is not taken", etl.name);
    this.#members.set(etl.name, {
      etl: etl as unknown as Etl<unknown, unknown>,
      after: [...after],
    });
    return this;
  }

  /**
   * Runs all pipelines, and gives their reports once every one that was started has settled.
   *
   * It rejects with `ManagerError` if one failed or the signal aborted, and with
   * `ConfigurationError`, before anything is called, if a pipeline comes after one that is not
   * there, or after itself.
   */
  runAll(options: RunAllOptions = {}): Promise<ManagerReport> {
    const report = this.#runAll(options);
    report.catch(() => {}); // As for every promise of a run.
    return report;
  }

  async #runAll(options: RunAllOptions): Promise<ManagerReport> {
    const checked = checkOptions<RunAllOptions, "signal">("run pipelines", options, runAllOptions);
    this.#checkOrder();
    const entries = [...this.#members.values()].map(({ etl, after }): Entry => ({
      pipeline: etl.pipeline as Pipeline<unknown, unknown>,
      settings: checkRunOptions(`run pipeline "${etl.name}"`, {}, etl.defaults, this.#shared),
      after,
    }));
    const workers = this.#workers;
    const failFast = this.#failFast;
    return await new Schedule(entries, { workers, failFast, signal: checked.signal }).run();
  }

  /** Refuses names that are unknown, and circles. */
  #checkOrder(): void {
    const isDone = new Map<string, boolean>(); // False while its predecessors are looked at.
    const visit = (name: string, path: readonly string[]): void => {
      const action = `run pipeline "${path.at(-1)}"`;
      const member = this.#members.get(name);
      if (member === undefined) return refuse(action, "after", "names of added pipelines", name);
      if (isDone.get(name) === true) return;
      const circle = [...path, name].join(" → ");
      if (isDone.get(name) === false) return refuse(action, "after", "free of circles", circle);
      isDone.set(name, false);
      for (const other of member.after) visit(other, [...path, name]);
      isDone.set(name, true);
    };
    for (const name of this.#members.keys()) visit(name, []);
  }
}
