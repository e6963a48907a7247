import type { DatabaseSync } from "node:sqlite";
import { countOf } from "./database.ts";
import { reasonsIn } from "./dead-letters.ts";
import { show } from "./numbers.ts";
import type { Tally } from "./tally.ts";

/** How many dead letters there are, and why. */
export function deadLetterSummary(database: DatabaseSync, path: string): string {
  const reasons = reasonsIn(database).map(({ pipeline, reason, count }) =>
    [`${pipeline}: ${reason}`, count] as const
  );
  return listOf(`Dead letters, in millrace_dead_letter and in ${path}`, reasons);
}

/** What was put right, in this run alone: what runs before it have counted is gone with them. */
export function repairSummary(repaired: Tally): string {
  return listOf("Put right in films by this run", repaired.entries);
}

/** What all runs together have loaded. */
export function rowSummary(database: DatabaseSync, path: string): string {
  const [flights, films] = ["flight", "film"].map((table) =>
    show(countOf(database, `SELECT count(*) FROM ${table}`))
  );
  return `In ${path} there are now ${flights} flights and ${films} films.`;
}

function listOf(words: string, counts: readonly (readonly [string, number])[]): string {
  const sum = counts.reduce((sum, [, count]) => sum + count, 0);
  const lines = counts.map(([reason, count]) => `\n  ${show(count).padStart(5)}  ${reason}`);
  return `${words}: ${show(sum)}${lines.join("")}`;
}
