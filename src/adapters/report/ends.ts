import { failureWords, rowWords } from "../../explain/explain-end.ts";
import { count, counted } from "../../explain/quantities.ts";
import type { RunReport } from "../../report-types.ts";
import { label } from "./markup.ts";

/** Columns of a message that are shown in a list. */
const columns = 240;

/** What made a run fail, as a card; nothing of one that did not. */
export function failureCard({ failure }: RunReport): string {
  if (failure === undefined) return "";
  return `<div class="card words bad" data-failure><h3>What failed</h3>` +
    `<p>${label(failureWords(failure), columns * 2)}</p></div>`;
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

/** What became of rows in the target, as a card. */
export function tablesCard({ tables }: RunReport): string {
  return listCard(
    "tables",
    "Rows by table",
    Object.entries(tables).map(([table, rows]) => [rowWords(rows), label(table)]),
  );
}

/** What became of rows in the branches of the load, as a card. */
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
