import type { ItemCounts, RunSnapshot } from "../report-types.ts";
import type { ManagerReport, ManagerSnapshot } from "../manager-report-types.ts";
import { type ProgressOptions, Snapshots } from "../telemetry/progress.ts";
import type { Run } from "../run/run.ts";
import type { Schedule } from "./schedule.ts";

/**
 * A run of the pipelines of a manager. Made by `EtlManager.start`.
 *
 * @example How far all of them are
 * ```ts
 * import { etl, EtlManager } from "millrace";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const make = (name: string) => etl({ name, extract: () => [1, 2, 3], load: () => {} });
 * const run = new EtlManager().add(make("users")).add(make("sales"), { after: ["users"] }).start();
 * const states = run.snapshot().pipelines.map(({ name, state }) => [name, state]);
 * deepEqual(states, [["users", "running"], ["sales", "waiting"]]);
 * await run.finished;
 * equal(run.snapshot().loaded, 6);
 * ```
 */
export class ManagerRun {
  /** Display name of all pipelines together. */
  readonly name = "all pipelines";
  /**
   * Resolves with the reports once every pipeline that was started has settled. Rejects with
   * `ManagerError` if one failed or the signal aborted. It needs no handler.
   */
  readonly finished: Promise<ManagerReport>;
  readonly #schedule: Schedule;
  readonly #startedAt: number = Date.now();
  readonly #begin: number = performance.now();
  readonly #snapshots = new Snapshots<ManagerSnapshot>(this);
  #last: ManagerSnapshot | undefined; // The final one.

  /** Starts the schedule. `onEnd` is called before `finished` settles. */
  constructor(schedule: Schedule, onEnd: () => void) {
    this.#schedule = schedule;
    this.finished = schedule.run().finally(() => {
      this.#last = this.#look("ended");
      onEnd();
    });
    this.finished.catch(() => {}); // As for every promise of a run.
  }

  /** The runs that have started, in the order in which their pipelines were added. */
  get runs(): readonly Run[] {
    return this.#schedule.runs;
  }

  /** Returns the progress of the pipelines. */
  snapshot(): ManagerSnapshot {
    return this.#last ?? this.#look(this.#schedule.isDraining ? "draining" : "running");
  }

  /**
   * Streams the progress of the pipelines every `interval` milliseconds, and once at their end. A
   * snapshot is taken only while someone reads.
   *
   * @throws {ConfigurationError} If `interval` is not a number above 0.
   */
  progress(options: ProgressOptions = {}): ReadableStream<ManagerSnapshot> {
    return this.#snapshots.stream(options);
  }

  #look(state: ManagerSnapshot["state"]): ManagerSnapshot {
    const pipelines = this.#schedule.look();
    const runs = pipelines.filter((one): one is RunSnapshot => "runId" in one);
    const sum = (
      count: keyof ItemCounts | "retries",
    ) => runs.reduce((total, run) => total + run[count], 0);
    return {
      state,
      extracted: sum("extracted"),
      loaded: sum("loaded"),
      skipped: sum("skipped"),
      deadLettered: sum("deadLettered"),
      returned: sum("returned"),
      pending: sum("pending"),
      retries: sum("retries"),
      startedAt: this.#startedAt,
      duration: performance.now() - this.#begin,
      pipelines,
    };
  }
}
