import { type EtlError, ManagerError } from "../errors.ts";
import type { RunReport } from "../report-types.ts";
import type { ManagerReport, ManagerSnapshot, SkippedReport } from "../manager-report-types.ts";
import { onAbort } from "../runtime/signals.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { Run } from "../run/run.ts";
import type { RunSettings } from "../pipeline/run-options.ts";

/** A pipeline, and those that must complete before it. */
export interface PlannedRun {
  readonly name: string;
  readonly pipeline: Pipeline<unknown, unknown>;
  readonly settings: RunSettings<unknown>;
  readonly after: readonly string[];
}

/** Options of a schedule. */
export interface ScheduleOptions {
  readonly workers: number;
  readonly failFast: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Runs pipelines once: as many at a time as allowed, each after those before it have completed. */
export class Schedule {
  readonly #entries: readonly PlannedRun[];
  readonly #options: ScheduleOptions;
  readonly #waiting: Set<PlannedRun>; // In the order in which they were added and are to start.
  readonly #runs = new Set<Run>(); // Those in progress.
  readonly #begun = new Map<string, Run>(); // Every run, by its pipeline.
  readonly #reports = new Map<string, RunReport | SkippedReport>();
  readonly #errors: unknown[] = [];
  readonly #stop = new AbortController(); // Drains every run, as the manager's signal does.
  #cause: { readonly error: unknown } | undefined; // The first failure, or the signal.
  #isDraining = false;
  #onOver: (() => void) | undefined;

  /** Plans the runs. Nothing starts before `run`. */
  constructor(entries: readonly PlannedRun[], options: ScheduleOptions) {
    this.#entries = entries;
    this.#waiting = new Set(entries);
    this.#options = options;
  }

  /** True if no further pipeline starts. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** The runs that have started, in the order in which their pipelines were added. */
  get runs(): Run[] {
    return this.#entries.flatMap(({ name }) => this.#begun.get(name) ?? []);
  }

  /** Returns the progress of each pipeline. */
  look(): ManagerSnapshot["pipelines"] {
    return this.#entries.map(({ name }) => {
      const run = this.#begun.get(name);
      if (run !== undefined) return run.snapshot();
      const report = this.#reports.get(name);
      if (report === undefined) return { name, state: "waiting" };
      const { after } = report as SkippedReport; // Any other report comes from a run.
      return { name, state: "skipped", ...(after !== undefined && { after }) };
    });
  }

  /** Settles once every pipeline that was started has settled. */
  async run(): Promise<ManagerReport> {
    const unfollow = onAbort(this.#options.signal, (reason) => {
      this.#cause ??= { error: reason };
      this.#skipWaiting();
      this.#stop.abort(reason);
    });
    await new Promise<void>((resolve) => {
      this.#onOver = () => {
        unfollow(); // At once: an abort from now on stops nothing.
        resolve();
      };
      this.#pump();
    });
    const reports = this.#entries.map(({ name }) => this.#reports.get(name)!);
    if (this.#cause !== undefined) {
      throw new ManagerError(reports, this.#errors, this.#cause.error);
    }
    // Any other outcome is reported by an error.
    const isPaused = reports.some(({ outcome }) => outcome === "paused");
    return { reports, outcome: isPaused ? "paused" : "completed" };
  }

  #pump(): void {
    for (const entry of this.#waiting) {
      if (this.#runs.size >= this.#options.workers) return;
      // One whose predecessor did not complete waits no longer.
      if (entry.after.every((other) => this.#reports.has(other))) this.#start(entry);
    }
    if (this.#runs.size === 0) this.#onOver?.();
  }

  #start(entry: PlannedRun): void {
    const { pipeline, settings } = entry;
    const stop = new AbortController();
    const end = (reason: unknown) => stop.abort(reason);
    const unfollow = [this.#stop.signal, settings.signal].map((signal) => onAbort(signal, end));
    this.#waiting.delete(entry);
    const run = new Run(pipeline, { ...settings, signal: stop.signal });
    this.#runs.add(run);
    this.#begun.set(entry.name, run);
    const settle = (report: RunReport) => {
      for (const stopFollowing of unfollow) stopFollowing();
      this.#runs.delete(run);
      this.#report(entry, report);
    };
    run.finished.then((report) => {
      settle(report);
      this.#pump();
    }, (error: EtlError) => {
      this.#errors.push(error);
      this.#cause ??= { error };
      settle(error.report!); // A run that has started always has one.
      if (this.#options.failFast) this.#drain();
      this.#pump();
    });
  }

  /** Stores a report. If the pipeline did not complete, skips those that run after it. */
  #report({ name }: PlannedRun, report: RunReport | SkippedReport): void {
    this.#reports.set(name, report);
    const broken = report.outcome === "completed" ? [] : [name];
    for (const after of broken) { // It grows during the loop.
      for (const entry of this.#waiting) {
        if (!entry.after.includes(after)) continue;
        this.#waiting.delete(entry);
        this.#reports.set(entry.name, { name: entry.name, outcome: "skipped", after });
        broken.push(entry.name);
      }
    }
  }

  #skipWaiting(): void {
    this.#isDraining = true;
    for (const { name } of this.#waiting) this.#reports.set(name, { name, outcome: "skipped" });
    this.#waiting.clear();
  }

  #drain(): void {
    this.#skipWaiting();
    for (const run of this.#runs) run.drain();
  }
}
