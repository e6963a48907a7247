import { rowWords } from "../../explain/explain-end.ts";
import { failureAdvice } from "../../explain/failure-advice.ts";
import { count, counted } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import { escape, label } from "./markup.ts";
import { copied } from "./setup.ts";

/** Columns of a message that are shown in a list. */
const columns = 240;

/**
 * Card of a failure: its message, its place, and advice; nothing for a run
 * that did not fail.
 */
export function failureCard(id: string, report: RunReport): string {
  const { failure } = report;
  if (failure === undefined) return "";
  const { stage, message, code, attempts, batch } = failure;
  const facts = [
    ["stage", label(stage)],
    ...(code === undefined ? [] : [["code", copied(String(code))]]),
    ["attempts", count(attempts)],
    ...(batch === undefined ? [] : [["batch", batchWords(id, report)]]),
  ];
  const advice = failureAdvice(report).filter((words) => words !== "").join(" ");
  return `<div class="card words bad" data-failure><h3>What failed</h3>` +
    `<p class="message">${label(message, columns * 4)}</p><dl class="pairs">` +
    facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("") +
    `</dl>${advice === "" ? "" : `<p data-advice>${prose(advice)}</p>`}</div>`;
}

/** Which batch a call failed for, with a link to where it is drawn. */
function batchWords(id: string, { failure, trace }: RunReport): string {
  const { sequence, offset, size } = failure!.batch!;
  const number = trace !== undefined && trace.batches.length > 0
    ? `<a href="#${id}-failed">${count(sequence)}</a>`
    : count(sequence);
  return `${number}: ${counted(size, "item")} from offset ${count(offset)}`;
}

/** A sentence of `explain` as HTML, with what is code in it as such. */
export function prose(words: string): string {
  return escape(words).replaceAll(/`([a-zA-Z]+(?:\(\)|: &quot;item&quot;)?)`/g, "<code>$1</code>");
}

/** Why items were given up on, as a card. */
export function reasonsCard({ deadLetterReasons }: RunReport): string {
  return listCard(
    "reasons",
    "Dead letters by reason",
    deadLetterReasons.map(({ message, stage, count: many, offset }) => [
      count(many),
      `${label(message, columns)} <small>in ${label(stage)}, first at offset ${
        count(offset)
      }</small>`,
    ]),
  );
}

/** Properties that the target had no column for, as a card. */
export function driftCard({ drift }: RunReport): string {
  const columns = Object.entries(drift).sort(([, a], [, b]) => b - a);
  return listCard(
    "drift",
    "The target had no such column",
    columns.map(([column, rows]) => [counted(rows, "row"), label(column)]),
  );
}

/** Card of the rows in the target, by their fate. */
export function tablesCard({ tables }: RunReport): string {
  return listCard(
    "tables",
    "Rows by table",
    Object.entries(tables).map(([table, rows]) => [rowWords(rows), label(table)]),
  );
}

/** Card of the rows in the branches of the load, by their fate. */
export function branchesCard({ branches = {} }: RunReport): string {
  return listCard(
    "branches",
    "Rows by branch",
    Object.entries(branches).map(([branch, rows]) => [rowWords(rows), label(branch)]),
  );
}

/** A list of amounts, and what they are amounts of as HTML. */
function listCard(
  kind: string,
  title: string,
  entries: readonly (readonly [amount: string, of: string])[],
): string {
  if (entries.length === 0) return "";
  const items = entries.map(([amount, of]) => `<li><b>${amount}</b> <bdi>${of}</bdi></li>`);
  return `<div class="card list" data-list="${kind}"><h3>${title}</h3><ul>${
    items.join("")
  }</ul></div>`;
}
