// Answers the questions of this folder. Each file is one question.
//   npm run bench
//   npm run bench -- overhead peers --rounds 3 --runtime node24,deno,bun
//   npm run bench -- --short
import { existsSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { buildLibrary } from "./harness/build.ts";
import { describeMachine, describeVersions } from "./harness/machine.ts";
import type { Question, Result } from "./harness/question.ts";
import { updateReadme, writeResult } from "./harness/report.ts";
import { fillRow, measure } from "./harness/rounds.ts";
import { findRuntimes, type Runtime } from "./harness/runtimes.ts";
import { textTable } from "./harness/table.ts";
import { floorWords } from "./harness/words.ts";

const RESULTS = "bench/results";
const questionNames = [
  "overhead",
  "byhand",
  "bucket-stream",
  "seed",
  "peers",
  "io-bound",
  "growth",
  "latency",
  "features",
  "sinks-sqlite",
  "sinks-postgres",
  "bad-values",
  "tables",
  "csv",
  "csv-to-postgres",
  "operators",
  "jobs",
  "threads",
];

/** Small rounds of these mean nothing: `--short` runs them only if they are named. */
const long = ["bad-values", "tables", "jobs"];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    runtime: { type: "string" }, // Default: all three, or Node 24 with `--short`.
    scale: { type: "string", default: "1" }, // Share of the items. Only 1 gives results to publish.
    short: { type: "boolean", default: false }, // One small round.
    out: { type: "string" }, // Folder of the results. Default: bench/results.
  },
});
const isShort = options.short;
const rounds = isShort ? 1 : numberOf("rounds");
const scale = isShort ? 0.1 : numberOf("scale");
// Small runs show that a bench works, not how fast anything is. They are stored only with `--out`.
const folder = options.out ?? (scale === 1 && !isShort ? RESULTS : undefined);

function numberOf(option: "rounds" | "scale"): number {
  const value = Number(options[option]);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`Cannot run benches as '--${option}' must be above 0: ${options[option]}`);
}

/** The requested runtimes that are installed. */
function chooseRuntimes(): Record<string, Runtime> {
  const found = findRuntimes();
  const wanted = (options.runtime ?? (isShort ? "node24" : "node24,deno,bun")).split(",");
  const missing = wanted.filter((name) => !(name in found));
  if (missing.length > 0) console.error(`Not installed: ${missing.join(", ")}`);
  return Object.fromEntries(wanted.flatMap((name) => found[name] ? [[name, found[name]]] : []));
}

async function answer(
  name: string,
  runtimes: Record<string, Runtime>,
): Promise<Result | undefined> {
  const { question } = await import(`./${name}.ts`) as { question: Question };
  const comparisons = question.comparisons.filter((row) => !isShort || floorWords(row) !== "");
  if (comparisons.length === 0) return undefined;
  const measuredAt = new Date().toISOString();
  const machine = describeMachine();
  const plan = { name, question, runtimes, rounds, scale, comparisons, onStep: showStep };
  const samples = await measure(plan);
  const { title, method } = question;
  const rows = comparisons.map((comparison) => fillRow(comparison, samples));
  return {
    ...{ question: name, title, method, measuredAt, machine },
    versions: describeVersions(runtimes),
    settings: { rounds, scale },
    rows,
    samples,
  };
}

function showStep(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${step}`);
}

const unknown = positionals.filter((name) => !questionNames.includes(name));
if (unknown.length > 0) {
  throw new Error(`No such question: ${unknown.join(", ")}; there are ${questionNames.join(", ")}`);
}
const runtimes = chooseRuntimes();
buildLibrary();
const unasked = isShort ? questionNames.filter((name) => !long.includes(name)) : questionNames;
for (const name of positionals.length > 0 ? positionals : unasked) {
  if (name === "peers" && !existsSync("bench/peers/node_modules")) {
    console.log("\npeers: left out, as they are not installed: npm ci --prefix bench/peers");
    continue;
  }
  const begin = performance.now();
  const result = await answer(name, runtimes);
  if (result === undefined) continue;
  showStep("");
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(`\n${result.title} (${name}, ${rounds} rounds, scale ${scale}, ${seconds} s)`);
  console.log(textTable(result, Object.keys(runtimes)));
  if (folder !== undefined) writeResult(folder, result);
}
if (folder === RESULTS) updateReadme(RESULTS, questionNames);
