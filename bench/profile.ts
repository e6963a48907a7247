// Where does a variant spend its time?
//   npm run bench:profile -- overhead "ReadableStream, sync transform, batch 100" --runtime bun
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildLibrary } from "./harness/build.ts";
import { findRuntimes } from "./harness/runtimes.ts";

const SHOWN = 12; // Functions. The rest becomes one line.

/** The parts used of the format of Chromium's profiler, which the runtimes share. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string", default: "node24" },
    scale: { type: "string", default: "5" }, // More than in a bench, so that warm-up is a small part.
  },
});
const [question, variant] = positionals;
if (question === undefined || variant === undefined) {
  throw new Error("Cannot profile without a question and a variant: see the top of this file");
}

/** Runs the variant, and returns its profile. */
function profile(): Profile {
  const runtime = findRuntimes()[options.runtime];
  if (runtime === undefined) {
    throw new Error(`Cannot profile on what is not installed: ${options.runtime}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-profile-"));
  const { executable, args: [first = "run", ...others] } = runtime;
  const profiler = ["--cpu-prof", "--cpu-prof-interval", "200", `--cpu-prof-dir=${folder}`];
  const own = first === "run" ? [first, ...profiler, ...others] : [...profiler, first, ...others];
  const program = ["bench/harness/variant-process.ts", question!, variant!, options.scale];
  try {
    execFileSync(executable, [...own, ...program], { stdio: ["ignore", "ignore", "inherit"] });
    const [file] = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
    return JSON.parse(readFileSync(join(folder, file!), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The share of own time of each function, largest first. */
function sharesOf({ nodes, samples, timeDeltas }: Profile): [name: string, share: number][] {
  const names = new Map(nodes.map(({ id, callFrame: { functionName, url } }) => {
    const file = url.split("/").at(-1)!;
    return [id, `${functionName || "(a closure)"}${file ? ` · ${file}` : ""}`];
  }));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id)!;
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]!);
  });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times].map(([name, time]): [string, number] => [name, time / total])
    .sort(([, a], [, b]) => b - a);
}

buildLibrary();
const shares = sharesOf(profile());
const rest = shares.slice(SHOWN).reduce((sum, [, share]) => sum + share, 0);
const rows = [...shares.slice(0, SHOWN), ["everything else", rest] as const];
console.log(`\n${variant} on ${options.runtime}: own time of each function\n`);
for (const [name, share] of rows) {
  const bar = "█".repeat(Math.round(share * 40));
  console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${bar.padEnd(20)} ${name}`);
}
