import { messageOf } from "../../errors.ts";
import type { JobReport } from "../../adapters/jobs/coordinate.ts";
import type { ManagerReport } from "../../manager-report-types.ts";
import type { RunReport } from "../../report-types.ts";
import type { Values } from "../command.ts";
import { hostWords } from "../host-modules.ts";
import { checkPageFile, writePage } from "../page-file.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Checks before a run begins that its page can be written: a run should not end without it.
 * @throws {ConfigurationError} If it cannot.
 */
export async function checkReport(
  { report: path }: Values,
  { folder }: Pick<Terminal, "folder">,
): Promise<void> {
  if (typeof path !== "string") return;
  await checkPageFile("write the page about a run", "--report", path, folder);
}

/**
 * Writes the page about a run, if there is a path for it, and says so on standard error. If that
 * fails, it says why: the exit code is that of the run.
 */
export async function writeReport(
  report: RunReport | ManagerReport | JobReport,
  path: unknown,
  { folder, stderr }: Terminal,
  { options = {}, title }: { readonly options?: object; readonly title?: string } = {},
): Promise<void> {
  if (typeof path !== "string") return;
  const { renderReport } = await import("../../adapters/report.ts");
  const named = title === undefined ? {} : { title };
  const page = renderReport(report, { options: { ...options }, host: await hostWords(), ...named });
  try {
    await writePage(page, path, folder);
    stderr.write(`The page about it is ${path}\n`);
  } catch (error) {
    stderr.write(`The page about it cannot be written: ${messageOf(error)}\n`);
  }
}
