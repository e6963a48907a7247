/**
 * Snapshots and reports of a manager: plain data.
 * @module
 */
import type { ItemCounts, Outcome, RunReport, RunSnapshot } from "./report-types.ts";

/** A pipeline that a manager did not start. */
export interface SkippedReport {
  /** The name of the pipeline. */
  readonly name: string;
  /** It was not started. */
  readonly outcome: "skipped";
  /** The pipeline that it comes after and that did not complete, if that is why. */
  readonly after?: string;
}

/** A pipeline of a manager that has not begun yet. */
export interface WaitingSnapshot {
  /** The name of the pipeline. */
  readonly name: string;
  /** It waits for its turn, or for those that it comes after. */
  readonly state: "waiting";
}

/** A pipeline that a manager does not start any more. */
export interface SkippedSnapshot {
  /** The name of the pipeline. */
  readonly name: string;
  /** It is not started. */
  readonly state: "skipped";
  /** The pipeline that it comes after and that did not complete, if that is why. */
  readonly after?: string;
}

/** Progress of the pipelines of a manager: plain data. The counts are those of all of them. */
export interface ManagerSnapshot extends ItemCounts {
  /** State of the manager: while it drains, it starts no further pipeline. */
  readonly state: "running" | "draining" | "ended";
  /** Calls made again after a failure. */
  readonly retries: number;
  /** When the first pipeline was started: milliseconds since 1970. */
  readonly startedAt: number;
  /** Time since they began, in milliseconds. */
  readonly duration: number;
  /** Each pipeline, in the order in which they were added. */
  readonly pipelines: readonly (RunSnapshot | WaitingSnapshot | SkippedSnapshot)[];
}

/** Report of the pipelines of a manager: plain data. */
export interface ManagerReport {
  /** The report of each pipeline, in the order in which they were added. */
  readonly reports: readonly (RunReport | SkippedReport)[];
  /**
   * `"paused"` where a pipeline was, so that those after it were skipped; else `"completed"`. Where
   * one ended in another way, there is a `ManagerError` instead.
   */
  readonly outcome: Outcome;
}
