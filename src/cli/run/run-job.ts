import type { Job, JobReport, JobStore } from "../../adapters/jobs.ts";
import type { Values } from "../command.ts";
import { follow, tell } from "../follow-run.ts";
import { readFollowOptions } from "../follow-options.ts";
import { codeOf, wordsOfJob } from "../outcome.ts";
import type { Terminal } from "../terminal.ts";
import { writeReport } from "./write-report.ts";

/**
 * Coordinates a job and works on it, until each partition is settled. Without a store the partitions
 * are kept in memory. With one, other processes may work on them too.
 */
export async function runJob(
  job: Job<unknown, unknown, unknown>,
  given: JobStore | undefined,
  run: Record<string, unknown>,
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const { coordinate, MemoryJobStore, work } = await import("../../adapters/jobs.ts");
  const store = given ?? new MemoryJobStore();
  const cancel = new AbortController();
  const options = readFollowOptions(values);
  const coordinated = coordinate(job, { store, signal: cancel.signal });
  const worker = new AbortController();
  const working = work(job, { store, until: "done", signal: worker.signal, run });
  working.catch((error) => cancel.abort(error)); // Else the coordinator waits for nobody.
  const reason = new DOMException("Ctrl-C was pressed", "AbortError");
  const { report, error } = await follow<JobReport>(
    {
      finished: coordinated.finished,
      watched: [coordinated],
      drain: () => cancel.abort(reason),
      abort: () => terminal.exit(codeOf("aborted")), // A partition is taken again after its lease.
    },
    options,
    terminal,
  );
  worker.abort(error); // It ends by itself, unless the coordinator failed.
  await working;
  if (report === undefined) throw error;
  const code = codeOf(report.outcome);
  tell(report, wordsOfJob(report), code, options, terminal);
  await writeReport(report, values["report"], terminal);
  return code;
}
