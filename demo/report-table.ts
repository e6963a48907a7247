import type { ManagerReport, RunReport, StageName } from "../src/index.ts";
import { show } from "./numbers.ts";
import { tableOf } from "./table.ts";

type Report = ManagerReport["reports"][number];

/** What is told of each run, in the order of the rows. */
const facts: readonly [words: string, fact: (report: RunReport) => string][] = [
  ["outcome", ({ outcome }) => outcome],
  ["guarantee", ({ guarantee }) => guarantee],
  ["extracted", ({ extracted }) => show(extracted)],
  ["loaded", ({ loaded }) => show(loaded)],
  ["dead-lettered", ({ deadLettered }) => show(deadLettered)],
  ["pending", ({ pending }) => show(pending)],
  ["batches", ({ batches }) => show(batches)],
  ["duration", ({ duration }) => `${show(duration)} ms`],
  ["items/s", ({ extracted, duration }) => show(extracted / duration * 1000)],
  ["extract busy", (report) => shareOf(report, "extract")],
  ["transform busy", (report) => shareOf(report, "transform")],
  ["load busy", (report) => shareOf(report, "load")],
  ["bottleneck", ({ bottleneck }) => bottleneck],
];

/** The width of a column, which the longest guarantee fills. */
const width = "effectively-once".length;

/** The reports side by side: a column for each pipeline, so that they fit a narrow terminal. */
export function reportTable(reports: readonly Report[]): string {
  const head = ["", ...reports.map(({ name }) => name.padStart(width))];
  const rows = facts.map(([words, fact]) => [
    words,
    ...reports.map((report) => factOf(report, words, fact).padStart(width)),
  ]);
  return tableOf([head, ...rows]);
}

/** A pipeline that was not started has nothing to tell but that. */
function factOf(report: Report, words: string, fact: (report: RunReport) => string): string {
  if (report.outcome !== "skipped") return fact(report);
  return words === "outcome" ? report.outcome : "–";
}

/** The part of the run that a stage was at work; while one pipeline works, the thread is not the other's. */
function shareOf({ stages, duration }: RunReport, stage: StageName): string {
  return `${show(stages[stage].busy / duration * 100)} %`;
}
