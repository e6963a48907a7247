/**
 * Shows the progress of runs, in your own bars, such as those of `cli-progress`, or as plain lines.
 * @module
 */
export type { ItemCounts, Outcome, RunSnapshot, StageName, StageTimes } from "../report-types.ts";
export type { ProgressBar, ProgressBars } from "./progress/bar-display.ts";
export type { ProgressOutput } from "./progress/output.ts";
export type { PartitionProgress, ProgressPayload, WatchedRun } from "./progress/payload.ts";
export { showProgress, type ShowProgressOptions } from "./progress/show-progress.ts";
