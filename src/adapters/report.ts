/**
 * Shows what a run did: as a page that stands alone, as a picture, and as a flowchart.
 * @module
 */
export type {
  Checkpoint,
  DeadLetterReason,
  DoneRange,
  FailureStage,
  FinishedCounts,
  Guarantee,
  ItemCounts,
  Latency,
  ManagerReport,
  Outcome,
  RunFailure,
  RunReport,
  RunSnapshot,
  RunTrace,
  SkippedReport,
  StageName,
  StageTimes,
  TableCounts,
  TracedBatch,
} from "../report-types.ts";
export { renderDiagram } from "./report/diagram.ts";
export { toMermaid } from "./report/mermaid.ts";
export { renderReport, type RenderReportOptions } from "./report/render-report.ts";
export type { Dependencies } from "./report/timeline.ts";
