import type { Etl } from "../../etl/etl.ts";
import { fail } from "../../options.ts";
import { positiveInteger } from "../../plain-options.ts";
import type { RunOptions } from "../../pipeline/run-options.ts";
import { type Command, exitCodes, type Values } from "../command.ts";
import { codeNotes, followOptions, readFollowOptions } from "../follow-options.ts";
import { type EndedRun, type FollowOptions, followRun, tellRun } from "../follow-run.ts";
import { hostModules } from "../host-modules.ts";
import type { Terminal } from "../terminal.ts";
import { dryRun, wordsOfDryRun, type WouldLoad } from "./dry-run.ts";
import { limited } from "./limit.ts";
import { loadModule } from "./load-module.ts";
import { runJob } from "./run-job.ts";
import { runManager } from "./run-manager.ts";
import { jobStoreIn, runnableIn } from "./runnable.ts";
import { checkedBy, readSets, setOption } from "./set-options.ts";
import { checkReport, writeReport } from "./write-report.ts";

/** `millrace run`. */
export const runCommand: Command = {
  usage: ["run file [name] [options]"],
  options: {
    set: setOption,
    limit: { type: "string", value: "n", description: "stop after n items" },
    "dry-run": { type: "boolean", description: "extract and transform, but load nothing" },
    ...followOptions,
  },
  positionals: [1, 2],
  notes: `The file is a module that exports pipelines, managers or jobs. The name is that of an
export, a pipeline or a job; without it there must be only one.

${codeNotes}`,
  async run(values, [file = "", name], terminal) {
    const limit = readLimit(values["limit"]);
    const sets = (values["set"] ?? []) as readonly string[];
    const options = readSets(sets);
    await checkReport(values, terminal);
    const module = await loadModule(file, terminal);
    const runnable = runnableIn(module, file, name);
    if (runnable.kind !== "etl") refuseFlags(runnable, values);
    switch (runnable.kind) {
      case "etl":
        return await runEtl(runnable.etl, options, limit, values, terminal);
      case "manager":
        return await runManager(runnable.manager, values, terminal);
      case "job":
        return await runJob(runnable.job, jobStoreIn(module), options, values, terminal);
    }
  },
};

function readLimit(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const limit = Number(value);
  if (positiveInteger.test(limit)) return limit;
  return fail("read the command line", "--limit", positiveInteger.expected, value);
}

function refuseFlags({ kind, name }: { kind: "manager" | "job"; name: string }, values: Values) {
  const refused = kind === "manager" ? ["set", "limit", "dry-run"] : ["limit", "dry-run"];
  for (const flag of refused) {
    if (values[flag] === undefined) continue;
    fail(`run ${kind} "${name}"`, `--${flag}`, `omitted for a ${kind}`, String(values[flag]));
  }
}

async function runEtl(
  given: Etl<unknown, unknown>,
  settings: RunOptions<unknown>,
  limit: number | undefined,
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const dry = values["dry-run"] === true ? dryRun(given) : undefined;
  const chosen = dry?.etl ?? given;
  const resume = settings.resume ?? chosen.defaults.resume ?? "skip";
  const limiting = limit === undefined ? undefined : limited(chosen, limit, resume);
  const run = checkedBy(() =>
    (limiting?.etl ?? chosen).start({
      ...(values["report"] !== undefined && { trace: true }),
      ...(limiting && { drainTimeout: Infinity }), // What was read is loaded, however long it takes.
      ...settings,
    }), (values["set"] ?? []) as readonly string[]);
  let isReached = false;
  if (limiting) {
    limiting.onReached = () => {
      isReached = true;
      run.drain();
    };
  }
  const options = readFollowOptions(values);
  const followed = await followRun(run, options, terminal);
  const { report, code } = followed;
  if (dry) await tellDryRun(followed, dry.wouldLoad, options, terminal);
  else tellRun(followed, options, terminal);
  await writeReport(report, values["report"], terminal, {
    options: { ...chosen.defaults, ...settings },
    ...(dry && { title: `${report.name} (dry run)` }),
  });
  return isReached && report.outcome === "drained" ? exitCodes.completed : code;
}

/** Says what a dry run has read, and what it would have loaded. */
async function tellDryRun(
  followed: EndedRun,
  wouldLoad: WouldLoad,
  options: FollowOptions,
  terminal: Terminal,
): Promise<void> {
  tellRun(followed, options, terminal, { wouldLoad }, "would have been loaded");
  if (options.json) return;
  const { inspect } = await hostModules();
  const show = (row: unknown) => inspect(row, { depth: 4, breakLength: Infinity });
  terminal.stdout.write(wordsOfDryRun(wouldLoad, show));
}
