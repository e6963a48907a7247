import type {
  BranchCounts,
  DeadLetterReason,
  RunFailure,
  RunReport,
  TableCounts,
} from "../report-types.ts";
import { harmless, shortened } from "./plain-text.ts";
import { count, counted, time } from "./quantities.ts";

/** Counts of one table or branch. */
type Counted = TableCounts | BranchCounts;

/** Most characters of an error within a sentence. */
const maxLength = 300;
/** Most reasons, columns and tables that a sentence names. */
const maxNamed = 3;

/** Says how and why a run ended, and the fate of its items. Contains no advice. */
export function endOf(report: RunReport): readonly string[] {
  const { deadLetterReasons = [], drift = {}, tables = {}, branches = {} } = report; // Old ones lack them.
  const { missing, failure } = report;
  return [
    endSentence(report),
    failure === undefined ? "" : failureWords(failure),
    deadLetterReasons.length === 0 ? "" : letterWords(report.deadLettered, deadLetterReasons),
    driftWords(drift),
    wordsBy(tables, "table", "tables"),
    wordsBy(branches, "branch", "branches"),
    missing === undefined
      ? ""
      : `The source ended early: ${counted(missing, "expected item")} did not arrive.`,
  ];
}

function endSentence({ outcome, duration, pending }: RunReport): string {
  if (outcome === "completed") return "";
  const how = outcome === "failed" ? "failed" : `was ${outcome}`;
  const rest = pending > 0 ? `, with ${counted(pending, "item")} pending` : "";
  return `The run ${how} after ${time(duration)}${rest}.`;
}

/** Says how much earlier runs had finished. */
export function earlierOf(report: RunReport): readonly string[] {
  if (report.extracted === 0 || !(report.earlier > 0)) return [];
  return [`Earlier runs had finished ${finishedBefore(report)} before.`];
}

/** Returns words about items that earlier runs finished without loading all of them. */
export function finishedBefore({ earlier, earlierCounts }: RunReport): string {
  const items = counted(earlier, "item");
  const { skipped = 0, deadLettered = 0 } = earlierCounts ?? {};
  const others = [
    skipped > 0 ? `${count(skipped)} skipped` : "",
    deadLettered > 0 ? `${count(deadLettered)} dead-lettered` : "",
  ].filter((words) => words !== "").join(" and ");
  return others === "" ? items : `${items} (${others})`;
}

/** Names the stage in which a run failed, and the error. */
export function failureWords({ stage, message, code, attempts, batch }: RunFailure): string {
  const parts = [
    `It failed in ${stage}`,
    batch === undefined
      ? ""
      : ` with batch ${batch.sequence} (${
        counted(batch.size, "item")
      } from offset ${batch.offset})`,
    attempts > 1 ? ` after ${counted(attempts, "attempt")}` : "",
  ];
  const told = said(message);
  const isTold = code === undefined || told.includes(String(code));
  return `${parts.join("")}: ${told}${isTold ? "" : ` (code ${said(code)})`}${stop(told, isTold)}`;
}

/** Lists the reasons why items were given up on. */
export function letterWords(all: number, reasons: readonly DeadLetterReason[]): string {
  const named = reasons.slice(0, maxNamed).map(reasonWords);
  const rest = reasons.length - named.length;
  const more = rest > 0 ? [`${counted(rest, "further reason")}`] : [];
  const became = all === 1 ? "became a dead letter" : "became dead letters";
  return `${counted(all, "item")} ${became}: ${[...named, ...more].join("; ")}.`;
}

/** Returns a reason in a few words. */
function reasonWords({ message, stage, count: many, offset }: DeadLetterReason): string {
  return `${count(many)} × ${said(message)} (in ${stage}, first at offset ${offset})`;
}

function driftWords(drift: RunReport["drift"]): string {
  const columns = Object.entries(drift).sort(([, a], [, b]) => b - a);
  if (columns.length === 0) return "";
  const named = columns.slice(0, maxNamed)
    .map(([column, rows]) => `${said(column)} (${counted(rows, "row")})`);
  const rest = columns.length - named.length;
  const more = rest > 0 ? [`${counted(rest, "further name")}`] : [];
  const all = [...named, ...more].join(", ");
  return `The target had no column for ${all}: left out, unless the sink adds columns.`;
}

function wordsBy(
  counts: Readonly<Record<string, Counted>>,
  kind: string,
  many: string,
): string {
  const all = Object.entries(counts);
  if (all.length === 0) return "";
  const named = all.slice(0, maxNamed).map(([name, rows]) => `${said(name)} (${rowWords(rows)})`);
  const rest = all.length - named.length;
  const more = rest > 0 ? [counted(rest, `further ${kind}`, `further ${many}`)] : [];
  return `Rows by ${kind}: ${[...named, ...more].join(", ")}.`;
}

/**
 * Returns words about the rows of a table or a branch: "3 inserted, 1 deleted", "2 dead-lettered".
 */
export function rowWords(rows: Counted): string {
  return Object.entries(rows).map(([kind, many]) =>
    `${count(many)} ${said(kind === "deadLettered" ? "dead-lettered" : kind)}`
  ).join(", ");
}

/** Returns an untrusted text on one line, of bounded length and without control characters. */
function said(text: unknown): string {
  const line = harmless(String(text).slice(0, maxLength * 4), " ").replaceAll(/ +/g, " ").trim();
  return shortened(line, maxLength);
}

function stop(told: string, isLast: boolean): string {
  return isLast && /[.!?…]$/.test(told) ? "" : ".";
}
