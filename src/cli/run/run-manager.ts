import { isOf, ManagerError } from "../../errors.ts";
import type { EtlManager } from "../../manager/manager.ts";
import type { Values } from "../command.ts";
import { follow, tellAll } from "../follow-run.ts";
import { readFollowOptions } from "../follow-options.ts";
import { worstOf } from "../outcome.ts";
import type { Terminal } from "../terminal.ts";
import { writeReport } from "./write-report.ts";

/** Runs all pipelines of a manager. */
export async function runManager(
  manager: EtlManager,
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const options = readFollowOptions(values);
  const stop = new AbortController();
  const run = manager.start({ signal: stop.signal });
  const work = {
    finished: run.finished,
    watched: [run],
    drain: () => stop.abort(new DOMException("Ctrl-C was pressed", "AbortError")),
    abort: () => run.runs.forEach((each) => each.abort()),
  };
  const { report: given, error } = await follow(work, options, terminal);
  if (given === undefined && !isOf(error, ManagerError)) throw error;
  const reports = given?.reports ?? (error as ManagerError).reports;
  const report = { reports, outcome: given?.outcome ?? worstOf(reports) };
  const code = tellAll(report, options, terminal);
  await writeReport(report, values["report"], terminal);
  return code;
}
