import type { JobReport } from "../adapters/jobs/coordinate.ts";
import { explain } from "../explain/explain.ts";
import { count, counted, time } from "../explain/quantities.ts";
import { harmless } from "../explain/plain-text.ts";
import type { ManagerReport } from "../manager-report-types.ts";
import type { Outcome, RunReport } from "../report-types.ts";
import { exitCodes } from "./command.ts";

const codes: Readonly<Record<Outcome, number>> = {
  completed: exitCodes.completed,
  failed: exitCodes.failed,
  drained: exitCodes.unfinished,
  paused: exitCodes.unfinished,
  aborted: exitCodes.aborted,
};

/** The exit code of an outcome. */
export function codeOf(outcome: Outcome): number {
  return codes[outcome];
}

/** The outcome of several pipelines: the worst one. Pipelines that were not started do not count. */
export function worstOf(reports: ManagerReport["reports"]): Outcome {
  const outcomes = reports.map(({ outcome }) => outcome);
  const worstFirst = ["failed", "aborted", "drained", "paused"] as const;
  return worstFirst.find((outcome) => outcomes.includes(outcome)) ?? "completed";
}

/** Returns words about a run in at most two paragraphs: its numbers, and those of `explain`. */
export function wordsOf(report: RunReport, loadedWord: string = "loaded"): string {
  const { name, outcome, extracted, duration } = report;
  const words: Record<string, string> = { loaded: loadedWord, deadLettered: "dead-lettered" };
  const kinds = ["loaded", "skipped", "deadLettered", "returned", "pending"] as const;
  const parts = kinds.filter((kind) => kind === "loaded" || report[kind] > 0)
    .map((kind) => `${count(report[kind])} ${words[kind] ?? kind}`);
  const head =
    `${harmless(name, "?")}: ${harmless(outcome, "?")}, ${counted(extracted, "item")} read, ` +
    `${parts.join(", ")} in ${time(duration)}`;
  return [head, explain(report)].filter((words) => words !== "").join("\n") + "\n";
}

/** Returns words about the pipelines of a manager: a paragraph for each. */
export function wordsOfAll(reports: ManagerReport["reports"]): string {
  return reports.map((report) => {
    if (report.outcome !== "skipped") return wordsOf(report);
    const why = report.after === undefined
      ? ""
      : `, as ${harmless(report.after, "?")} did not complete`;
    return `${harmless(report.name, "?")}: skipped${why}\n`;
  }).join("\n");
}

/** Returns a line about a job, and one for each dead partition. */
export function wordsOfJob(
  { name, outcome, partitions, dead, loaded, duration }: WordedJob,
): string {
  const { completed, total } = partitions;
  const head = `${harmless(name, "?")}: ${harmless(outcome, "?")}, ${count(completed)} of ` +
    `${counted(total, "partition")} completed, ${counted(loaded, "item")} loaded in ${
      time(duration)
    }`;
  const lines = dead.map(({ partition, error }) =>
    harmless(
      `Partition ${JSON.stringify(partition)} is dead: ${error ?? "its workers were lost"}`,
      " ",
    )
  );
  return [head, ...lines].join("\n") + "\n";
}

/** Members of a job that its words use. */
type WordedJob = Pick<JobReport, "name" | "loaded" | "duration"> & {
  readonly outcome: string;
  readonly partitions: Pick<JobReport["partitions"], "completed" | "total">;
  readonly dead: readonly { readonly partition: string; readonly error?: string | undefined }[];
};

/** A report as JSON: `bigint`s, which a position may hold, become text. */
export function jsonOf(report: unknown): string {
  const plain = (_: string, value: unknown) => typeof value === "bigint" ? String(value) : value;
  return `${JSON.stringify(report, plain, 2)}\n`;
}
