import type { Result, Row } from "./question.ts";
import { floorWords, isMissed, valueWords } from "./words.ts";

/** The rows of a result as plain text, for the terminal. */
export function textTable({ rows, versions }: Result, runtimes: readonly string[]): string {
  const head = ["", "to hold", ...runtimes.map((name) => `${name} (${versions[name]})`)];
  const lines = rows.map((row) => [row.title, floorWords(row), ...cells(row, runtimes)]);
  const widths = head.map((_, n) => Math.max(...[head, ...lines].map((line) => line[n]!.length)));
  return [head, ...lines].map((line) =>
    line.map((cell, n) => n === 0 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)).join("  ")
  ).join("\n");
}

/** The rows of all questions that have a target, for the README. */
export function floorTable(results: readonly Result[]): string {
  const runtimes = runtimesOf(results);
  const head = ["What", "To hold", ...runtimes];
  const lines = results.flatMap(({ title, rows }) =>
    rows.filter((row) => floorWords(row) !== "").map((row) => [
      `${title}: ${row.title}${row.note === undefined ? "" : ` (${row.note})`}`,
      floorWords(row),
      ...cells(row, runtimes),
    ])
  );
  const rule = head.map((_, n) => n === 0 ? "---" : "---:");
  return [head, rule, ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** The runtimes with values in any of the results. */
export function runtimesOf(results: readonly Result[]): string[] {
  return [
    ...new Set(results.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row.medians)))),
  ];
}

/** The median of each runtime. Values that miss the target are marked. */
function cells(row: Row, runtimes: readonly string[]): string[] {
  return runtimes.map((runtime) => {
    const value = row.medians[runtime];
    const asides = Object.entries(row.asides?.[runtime] ?? {});
    const words = asides.map(([word, aside]) => `${word} ${valueWords(aside, row)}`).join(", ");
    const mark = isMissed(value, row, runtime) ? "⚠ " : "";
    return `${mark}${valueWords(value, row)}${words && ` (${words})`}`;
  });
}
