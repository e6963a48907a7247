/**
 * Renders a run: its report as a self-contained page, as a picture or as a flowchart, and its progress as
 * a live page.
 * @module
 */
export type {
  ManagerReport,
  ManagerSnapshot,
  SkippedReport,
  SkippedSnapshot,
  WaitingSnapshot,
} from "../manager-report-types.ts";
export type {
  Checkpoint,
  DeadLetterReason,
  DoneRange,
  FailureStage,
  FinishedCounts,
  Guarantee,
  ItemCounts,
  Latency,
  Outcome,
  RunFailure,
  RunReport,
  RunSnapshot,
  RunTrace,
  StageName,
  StageTimes,
  TableCounts,
  TracedBatch,
} from "../report-types.ts";
export type { DeadPartition, ReportedJob } from "./report/plain-report.ts";
export type { GivenOptions } from "./report/setup.ts";
export {
  type FollowedRun,
  progressEvents,
  type ProgressEventsOptions,
} from "./report/progress-events.ts";
export { progressPage, type ProgressPageOptions } from "./report/progress-page.ts";
export {
  type FollowedJob,
  type FollowedSnapshot,
  renderProgress,
} from "./report/progress-section.ts";
export { renderDiagram } from "./report/diagram.ts";
export { toMermaid } from "./report/mermaid.ts";
export { renderReport, type RenderReportOptions } from "./report/render-report.ts";
export type { Dependencies } from "./report/timeline.ts";
