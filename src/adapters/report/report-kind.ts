import { refuse } from "../../options.ts";
import type { ManagerReport, RunReport } from "../../run-report.ts";

/** Tells the reports apart, and refuses what is none. */
export function isManagerReport(
  action: string,
  report: RunReport | ManagerReport,
): report is ManagerReport {
  if (Array.isArray(Reflect.get(Object(report), "reports"))) return true;
  if (typeof Reflect.get(Object(report), "stages") === "object") return false;
  return refuse(action, "report", "what run() or runAll() gives", report);
}

/** Refuses what is not the report of a run. */
export function checkRunReport(action: string, report: RunReport): void {
  if (typeof Reflect.get(Object(report), "stages") === "object") return;
  refuse(action, "report", "what run() gives", report);
}
