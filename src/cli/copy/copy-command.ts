import { type Command, exitCodes, type Values } from "../command.ts";
import { codeNotes, followOptions, readFollowOptions } from "../follow-options.ts";
import { followRun, tellRun } from "../follow-run.ts";
import { checkReport, writeReport } from "../run/write-report.ts";
import type { Terminal } from "../terminal.ts";
import { copyOptions, isDatabase } from "./copy-options.ts";
import { hostModules } from "../host-modules.ts";
import type { CopyPlace } from "./parts.ts";
import { type CopyPlan, planCopy } from "./plan.ts";
import { keepsMarks, programOf } from "./program.ts";
import { failureOf, startCopy, summaryOf } from "./run-copy.ts";

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
    print: flag("print the program that does the same, and copy nothing"),
    ...followOptions,
  },
  positionals: [2, 2],
  notes: `FROM and TO: users.csv  "logs/*.ndjson.gz"  https://host/data.parquet  -  shop.db#users
             postgres://user@host/base#schema.table
Files:       .csv .tsv .ndjson .jsonl .json .parquet, also with .gz .br .zst
${codeNotes}`,
  run,
};

async function run(
  values: Values,
  [from = "", to = ""]: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const options = copyOptions(values, from, to);
  await checkReport(values, terminal);
  const place = await placeOf(terminal);
  const isPrinted = values["print"] === true;
  const plan = await planCopy(options, place, isPrinted);
  try {
    if (isPrinted) {
      terminal.stdout.write(programOf(plan));
      return exitCodes.completed;
    }
    return await copied(plan, place, terminal, values);
  } finally {
    await plan.close();
  }
}

async function copied(
  plan: CopyPlan,
  place: CopyPlace,
  terminal: Terminal,
  values: Values,
): Promise<number> {
  const { to, conflict = "error" } = plan.options;
  if (!keepsMarks(plan) && isDatabase(to) && conflict === "error") {
    terminal.stderr.write(
      "Note: this FROM cannot be resumed. If the copy is cut off, its rows stay, and a second copy " +
        "adds them again\n",
    );
  }
  const follow = readFollowOptions(values);
  const ended = await followRun(await startCopy(plan, place), follow, terminal);
  const { report, error, code } = ended;
  if (report.outcome === "drained") await plan.target.drained?.();
  await writeReport(report, values["report"], terminal);
  if (follow.json) tellRun(ended, follow, terminal);
  else if (error !== undefined) terminal.stderr.write(`${failureOf(plan, report, error)}\n`);
  else {
    const output = to.kind === "standard" ? terminal.stderr : terminal.stdout;
    output.write(`${summaryOf(plan, report)}\n`);
  }
  return code;
}

async function placeOf({ folder }: Terminal): Promise<CopyPlace> {
  const { resolve } = await hostModules();
  // As it was given where that is the same: errors, and the program that --print makes, show it so.
  const isHere = resolve(".") === folder;
  return { folder, pathOf: (path) => isHere ? path : resolve(folder, path) };
}
