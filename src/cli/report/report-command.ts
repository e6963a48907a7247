import {
  isOfJob,
  isOfManager,
  plainReport,
  type ReportedJob,
} from "../../adapters/report/plain-report.ts";
import { renderReport } from "../../adapters/report/render-report.ts";
import { EtlError, messageOf } from "../../errors.ts";
import type { ManagerReport } from "../../manager-report-types.ts";
import type { RunReport } from "../../report-types.ts";
import { fail } from "../../options.ts";
import { type Command, exitCodes } from "../command.ts";
import { hostModules } from "../host-modules.ts";
import { wordsOf, wordsOfAll, wordsOfJob } from "../outcome.ts";
import { checkPageFile, writePage } from "../page-file.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace report`. */
export const reportCommand: Command = {
  usage: ["report run.json [--out page.html] [--title text]"],
  options: {
    out: { type: "string", value: "page.html", description: "write a page about the run" },
    title: { type: "string", value: "text", description: "the heading of that page" },
  },
  positionals: [1, 1],
  notes: "The file holds a report as JSON, such as one of 'millrace run --json'.",
  async run({ out, title }, [file = ""], terminal) {
    if (title !== undefined && out === undefined) {
      fail("read the command line", "--title", "omitted without '--out'", title);
    }
    if (typeof out === "string") {
      await checkPageFile("write the page", "--out", out, terminal.folder);
    }
    const report = await readReport(file, terminal);
    if (typeof out !== "string") {
      terminal.stdout.write(wordsOfAny(report));
      return exitCodes.completed;
    }
    const page = renderReport(report, typeof title === "string" ? { title } : {});
    await writePage(page, out, terminal.folder);
    return exitCodes.completed;
  },
};

type AnyReport = RunReport | ManagerReport | ReportedJob;

function wordsOfAny(report: AnyReport): string {
  if (isOfManager(report)) return wordsOfAll(report.reports);
  return isOfJob(report) ? wordsOfJob(report) : wordsOf(report);
}

/** Reads a report that anybody may have written: nothing of it is trusted. */
async function readReport(
  file: string,
  { folder }: Terminal,
): Promise<AnyReport> {
  const { files, resolve } = await hostModules();
  let report: unknown;
  try {
    report = JSON.parse(await files.readFile(resolve(folder, file), "utf8"));
  } catch (error) {
    throw new EtlError(`Cannot read ${JSON.stringify(file)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return plainReport(`read ${JSON.stringify(file)}`, report);
}
