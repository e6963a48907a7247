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
