import { type EtlError, ManagerError } from "../errors.ts";
import type { ManagerReport, Outcome, RunReport, SkippedReport } from "../run-report.ts";
import { follow } from "../signals.ts";
import type { Pipeline } from "./pipeline.ts";
import { Run } from "./run.ts";
import type { RunSettings } from "./run-options.ts";

/** A pipeline, and those that have to complete before it. */
export interface Entry {
  readonly pipeline: Pipeline<unknown, unknown>;
  readonly settings: RunSettings<unknown>;
  readonly after: readonly string[];
}

/** How many run together, and when to stop. */
export interface ScheduleOptions {
  readonly workers: number;
  readonly failFast: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Runs pipelines once: as many at a time as may, each when those before it have completed. */
export class Schedule {
  readonly #entries: readonly Entry[];
  readonly #options: ScheduleOptions;
  readonly #reports = new Map<string, RunReport | SkippedReport>();
  readonly #errors: unknown[] = [];
  readonly #runs = new Set<Run<unknown, unknown>>();
  readonly #stop = new AbortController(); // Drains every run, as the manager's signal does.
  #waiting: Entry[];
  #isStopped = false; // No further pipeline is started.
  #onOver: (() => void) | undefined;

  /** Plans the runs; nothing begins before `run`. */
  constructor(entries: readonly Entry[], options: ScheduleOptions) {
    this.#entries = entries;
    this.#waiting = [...entries];
    this.#options = options;
  }

  /** Settles when every pipeline that was started has. */
  async run(): Promise<ManagerReport> {
    const { signal } = this.#options;
    const unfollow = follow(signal, (reason) => {
      this.#isStopped = true;
      this.#stop.abort(reason);
      this.#serve();
    });
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
      this.#serve();
    });
    unfollow();
    const reports = this.#entries.map(({ pipeline }) => this.#reports.get(pipeline.name)!);
    if (signal?.aborted) throw new ManagerError(reports, this.#errors, signal.reason);
    const [first] = this.#errors;
    if (first !== undefined) throw new ManagerError(reports, this.#errors, first);
    return { reports, outcome: worstOf(reports) };
  }

  #serve(): void {
    for (let known = -1; known < this.#reports.size;) {
      known = this.#reports.size; // One that is skipped may decide about one before it.
      for (const entry of this.#waiting) this.#consider(entry);
      this.#waiting = this.#waiting.filter(({ pipeline }) => !this.#isSettled(pipeline.name));
    }
    if (this.#waiting.length === 0 && this.#runs.size === 0) this.#onOver?.();
  }

  #isSettled(name: string): boolean {
    return this.#reports.has(name) || [...this.#runs].some((run) => run.name === name);
  }

  /** Starts a pipeline, or skips it, or leaves it to wait. Those before it have been considered. */
  #consider(entry: Entry): void {
    const { name } = entry.pipeline;
    const broken = entry.after.find((other) => {
      const outcome = this.#reports.get(other)?.outcome;
      return outcome !== undefined && outcome !== "completed";
    });
    if (broken !== undefined) this.#reports.set(name, { name, outcome: "skipped", after: broken });
    else if (this.#isStopped) this.#reports.set(name, { name, outcome: "skipped" });
    else if (entry.after.every((other) => this.#reports.has(other))) this.#start(entry);
  }

  #start({ pipeline, settings }: Entry): void {
    if (this.#runs.size >= this.#options.workers) return;
    const stop = new AbortController();
    const end = (reason: unknown) => stop.abort(reason);
    const unfollow = [this.#stop.signal, settings.signal].map((signal) => follow(signal, end));
    const run = new Run(pipeline, { ...settings, signal: stop.signal });
    this.#runs.add(run);
    const settle = (report: RunReport | undefined) => {
      for (const stopFollowing of unfollow) stopFollowing();
      this.#runs.delete(run);
      if (report !== undefined) this.#reports.set(run.name, report);
      this.#serve();
    };
    run.finished.then(settle, (error: EtlError) => {
      this.#errors.push(error);
      if (this.#options.failFast) this.#drain();
      settle(error.report);
    });
  }

  #drain(): void {
    this.#isStopped = true;
    for (const run of this.#runs) run.drain();
  }
}

/** The outcome of all: the worst of each. */
function worstOf(reports: readonly (RunReport | SkippedReport)[]): Outcome {
  const outcomes = reports.map(({ outcome }) => outcome);
  const order: readonly Outcome[] = ["failed", "aborted", "drained"];
  return order.find((outcome) => outcomes.includes(outcome)) ?? "completed";
}
