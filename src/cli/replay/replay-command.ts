import { readDeadLetters } from "../../dead-letters/ndjson-dead-letters.ts";
import { replay } from "../../etl/replay.ts";
import { fail } from "../../options.ts";
import type { Command } from "../command.ts";
import { codeNotes, followOptions, readFollowOptions } from "../follow-options.ts";
import { followRun, tellRun } from "../follow-run.ts";
import { hostModules, isFile } from "../host-modules.ts";
import { loadModule } from "../run/load-module.ts";
import { runnableIn } from "../run/runnable.ts";
import { checkedBy, readSets, setOption } from "../run/set-options.ts";
import { checkReport, writeReport } from "../run/write-report.ts";

/** `millrace replay`. */
export const replayCommand: Command = {
  usage: ["replay letters.ndjson file [name] [options]"],
  options: { set: setOption, ...followOptions },
  positionals: [2, 3],
  notes: `The letters are lines as 'ndjsonDeadLetters()' writes them. What failed to load is loaded
as it was transformed then; everything else is transformed and loaded. A letter that fails again
goes where the pipeline sends its dead letters: not into the file that is being read.

${codeNotes}`,
  async run(values, [letters = "", file = "", name], terminal) {
    const sets = (values["set"] ?? []) as readonly string[];
    const settings = readSets(sets);
    const { files, openAsBlob, resolve } = await hostModules();
    const path = resolve(terminal.folder, letters);
    if (!await isFile(files, path)) {
      fail("read the command line", "letters", "the path of a file", letters);
    }
    await checkReport(values, terminal);
    const runnable = runnableIn(await loadModule(file, terminal), file, name, ["etl"]);
    if (runnable.kind !== "etl") throw new TypeError("Only pipelines were asked for");
    const source = readDeadLetters((await openAsBlob(path)).stream());
    const replaying = replay(source, runnable.etl);
    const trace = values["report"] !== undefined && { trace: true };
    const run = checkedBy(() => replaying.start({ ...trace, ...settings }), sets);
    const options = readFollowOptions(values);
    const followed = await followRun(run, options, terminal);
    tellRun(followed, options, terminal);
    await writeReport(followed.report, values["report"], terminal);
    return followed.code;
  },
};
