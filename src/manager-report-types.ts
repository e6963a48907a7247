/**
 * Snapshots and reports of a manager: plain data.
 * @module
 */
import type { ItemCounts, Outcome, RunReport, RunSnapshot } from "./report-types.ts";

/** A pipeline that a manager did not start. */
export interface SkippedReport {
  /** The name of the pipeline. */
  readonly name: string;
  /** Always `"skipped"`: it was not started. */
  readonly outcome: "skipped";
  /** Name of the pipeline that it runs after, if it was skipped because that one did not complete. */
  readonly after?: string;
}

/** A pipeline of a manager that has not started yet. */
export interface WaitingSnapshot {
  /** The name of the pipeline. */
  readonly name: string;
  /** Always `"waiting"`: for a free worker, or for the pipelines that it runs after. */
  readonly state: "waiting";
}

/** A pipeline that a manager will not start. */
export interface SkippedSnapshot {
  /** The name of the pipeline. */
  readonly name: string;
  /** Always `"skipped"`: it will not start. */
  readonly state: "skipped";
  /** Name of the pipeline that it runs after, if it was skipped because that one did not complete. */
  readonly after?: string;
}

/** Progress of the pipelines of a manager: plain data. The counts are sums over all of them. */
export interface ManagerSnapshot extends ItemCounts {
  /** State of the manager. While it drains, it starts no further pipeline. */
  readonly state: "running" | "draining" | "ended";
  /** Calls made again after a failure. */
  readonly retries: number;
  /** Start of the first pipeline: milliseconds since 1970. */
  readonly startedAt: number;
  /** Time since that start, in milliseconds. */
  readonly duration: number;
  /** Each pipeline, in the order in which they were added. */
  readonly pipelines: readonly (RunSnapshot | WaitingSnapshot | SkippedSnapshot)[];
}

/** Report of the pipelines of a manager: plain data. */
export interface ManagerReport {
  /** The report of each pipeline, in the order in which they were added. */
  readonly reports: readonly (RunReport | SkippedReport)[];
  /**
   * `"paused"` if a pipeline was, so that those after it were skipped; otherwise `"completed"`. If
   * one ended in another way, the manager throws a `ManagerError` instead.
   */
  readonly outcome: Outcome;
}
