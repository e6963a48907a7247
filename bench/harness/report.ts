import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart } from "./chart.ts";
import type { Result } from "./question.ts";
import { floorTable } from "./table.ts";

const README = "bench/README.md";
const [BEGIN, END] = ["<!-- results -->", "<!-- /results -->"];

/** Stores a result as data and as a chart. */
export function writeResult(folder: string, result: Result): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${result.question}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(folder, `${result.question}.svg`), chart(result));
}

/** Writes all results stored in the folder between the marks of the README. */
export function updateReadme(folder: string, order: readonly string[]): void {
  const kept = readdirSync(folder).filter((file) => file.endsWith(".json"));
  const results = order.filter((name) => kept.includes(`${name}.json`)).map((name): Result =>
    JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))
  );
  const readme = readFileSync(README, "utf8");
  const [before, rest = ""] = readme.split(BEGIN);
  const after = rest.split(END)[1] ?? "";
  writeFileSync(README, `${before}${BEGIN}\n\n${resultsText(results)}\n\n${END}${after}`);
  const deno = "node_modules/.bin/deno";
  if (existsSync(deno)) execFileSync(deno, ["fmt", "--quiet", README]);
}

function resultsText(results: readonly Result[]): string {
  const parts = results.map(({ question, title, method, measuredAt, versions, settings }) => {
    const rounds = settings.rounds === 1 ? "a round" : `${settings.rounds} rounds`;
    const when = `Measured on ${measuredAt.slice(0, 10)} in ${rounds}`;
    return `### ${title}

${method} ${when} with millrace ${versions["millrace"]}: [all values](results/${question}.json).

![${title}](results/${question}.svg)`;
  });
  return [floorTable(results), placeText(results), ...parts].join("\n\n");
}

/** The machines and versions, in one line if they are the same for all results. */
function placeText(results: readonly Result[]): string {
  const places = results.map(({ machine, versions: { millrace: _, ...versions } }) => {
    const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
    return `Measured on ${machine.processor}, ${machine.cores} cores, ${machine.memory}, ` +
      `${machine.system}, with ${list}.`;
  });
  return [...new Set(places)].join("\n\n");
}
