import type { JobReport } from "../../adapters/jobs/coordinate.ts";
import type { ManagerReport } from "../../manager-report-types.ts";
import type { RunReport } from "../../report-types.ts";
import { hostModules } from "../host-modules.ts";
import type { Terminal } from "../terminal.ts";

/** Writes the page about a run, if there is a path for it, and says so on standard error. */
export async function writeReport(
  report: RunReport | ManagerReport | JobReport,
  path: unknown,
  { folder, stderr }: Terminal,
): Promise<void> {
  if (typeof path !== "string") return;
  const { renderReport } = await import("../../adapters/report.ts");
  const { files, resolve } = await hostModules();
  await files.writeFile(resolve(folder, path), renderReport(report));
  stderr.write(`The page about it is ${path}\n`);
}
