import type { JobReport } from "../../adapters/jobs/coordinate.ts";
import type { ManagerReport } from "../../manager-report-types.ts";
import type { RunReport } from "../../report-types.ts";
import { hostModules, hostWords } from "../host-modules.ts";
import type { Terminal } from "../terminal.ts";

/** Writes the page about a run, if there is a path for it, and says so on standard error. */
export async function writeReport(
  report: RunReport | ManagerReport | JobReport,
  path: unknown,
  { folder, stderr }: Terminal,
  options: object = {},
): Promise<void> {
  if (typeof path !== "string") return;
  const { renderReport } = await import("../../adapters/report.ts");
  const { files, resolve } = await hostModules();
  const page = renderReport(report, { options: { ...options }, host: await hostWords() });
  await files.writeFile(resolve(folder, path), page);
  stderr.write(`The page about it is ${path}\n`);
}
