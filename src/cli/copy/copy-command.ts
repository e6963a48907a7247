import { CancelledError, isOf } from "../../errors.ts";
import { showProgress } from "../../adapters/progress.ts";
import type { RunReport } from "../../report-types.ts";
import type { Run } from "../../run/run.ts";
import { type Command, exitCodes, type Values } from "../command.ts";
import { serveLive } from "../live.ts";
import type { Terminal } from "../terminal.ts";
import { copyOptions, isDatabase } from "./copy-options.ts";
import { pathModules } from "./host.ts";
import type { CopyPlace } from "./parts.ts";
import { type CopyPlan, planCopy } from "./plan.ts";
import { keepsMarks, programOf } from "./program.ts";
import { startCopy, summaryOf } from "./run-copy.ts";

const word = (value: string, description: string) =>
  ({ type: "string", value, description }) as const;
const flag = (description: string) => ({ type: "boolean", description }) as const;

/** Copies rows from one place to another. */
export const copyCommand: Command = {
  usage: ["copy FROM TO [options]"],
  options: {
    columns: word("a,b", "copy these columns only"),
    types: word("a=int,b=date", "types: text, int, number, boolean, date, json, bytes"),
    create: flag("make the table if it is missing"),
    conflict: word("error|ignore|replace", "what to do with rows whose key is in the table"),
    unknown: word("error|drop|add", "what to do with columns that TO lacks"),
    query: word("sql", "read this query of the database FROM"),
    "order-by": word("column", "a unique column of the query, by which it can be resumed"),
    letters: word("file|table", "put bad rows into a file.ndjson or the database's own table"),
    "batch-size": word("n", "rows in a batch"),
    workers: word("n", "batches loaded at once"),
    "from-format": word("csv.gz", "the format of FROM, if its name does not say it"),
    "to-format": word("csv.gz", "the format of TO, if its name does not say it"),
    key: word("name", "the name that the copy is resumed by"),
    fresh: flag("forget what was copied, and start again"),
    live: flag("serve a page that follows the copy, on this machine only"),
    print: flag("print the program that does the same, and copy nothing"),
  },
  positionals: [2, 2],
  notes: `FROM and TO: users.csv  "logs/*.ndjson.gz"  https://host/data.parquet  -  shop.db#users
             postgres://user@host/base#schema.table
Files:       .csv .tsv .ndjson .jsonl .json .parquet, also with .gz .br .zst
Exit codes:  0 copied, 1 failed, 2 wrong use, 3 stopped (run it again), 130 aborted`,
  run,
};

async function run(
  values: Values,
  [from = "", to = ""]: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const options = copyOptions(values, from, to);
  const place = await placeOf(terminal);
  const isPrinted = values["print"] === true;
  const plan = await planCopy(options, place, isPrinted);
  try {
    if (isPrinted) {
      terminal.stdout.write(programOf(plan));
      return exitCodes.completed;
    }
    return await copied(plan, place, values["live"] === true, terminal);
  } finally {
    await plan.close();
  }
}

async function copied(
  plan: CopyPlan,
  place: CopyPlace,
  isLive: boolean,
  terminal: Terminal,
): Promise<number> {
  const { to, conflict = "error" } = plan.options;
  if (!keepsMarks(plan) && isDatabase(to) && conflict === "error") {
    terminal.stderr.write(
      "Note: this FROM cannot be resumed. If the copy is cut off, its rows stay, and a second copy " +
        "adds them again\n",
    );
  }
  const run = await startCopy(plan, place);
  let interrupts = 0;
  const release = terminal.onInterrupt(() => {
    interrupts++;
    if (interrupts === 1) run.drain();
    else if (interrupts === 2) run.abort(new Error("interrupted twice"));
    else terminal.exit(exitCodes.aborted);
  });
  try {
    const report = await ended(run, isLive, terminal);
    const output = to.kind === "standard" ? terminal.stderr : terminal.stdout;
    output.write(`${summaryOf(plan, report)}\n`);
    return report.outcome === "completed" ? exitCodes.completed : exitCodes.unfinished;
  } catch (error) {
    if (interrupts > 1 && isOf(error, CancelledError)) return exitCodes.aborted;
    throw error;
  } finally {
    release();
  }
}

async function ended(run: Run, isLive: boolean, terminal: Terminal): Promise<RunReport> {
  const { stderr } = terminal;
  const close = isLive ? await serveLive(run, terminal) : undefined;
  const shown = stderr.isTTY ? showProgress(run, undefined, { output: stderr }) : undefined;
  try {
    return await run.finished;
  } finally {
    await shown;
    await close?.();
  }
}

async function placeOf({ folder }: Terminal): Promise<CopyPlace> {
  const { resolve } = await pathModules();
  // As it was given where that is the same: errors, and the program that --print makes, show it so.
  const isHere = resolve(".") === folder;
  return { folder, pathOf: (path) => isHere ? path : resolve(folder, path) };
}
