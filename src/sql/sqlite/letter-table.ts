import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { letterRow } from "../letter-row.ts";
import { storableText } from "./values.ts";

/** The table of dead letters; each has the values of `letterValues`, in the order of `letterColumns`. */
export const letterTableSql = `create table if not exists millrace_dead_letter (
  id integer primary key, pipeline text not null, run_id text not null,
  item_offset integer not null, stage text not null, attempts integer not null,
  item text not null, row text, error text not null, error_name text, error_message text not null, error_code text,
  at integer not null
)`;

/** The columns that a letter fills. */
export const letterColumns: string = "pipeline, run_id, item_offset, stage, attempts, " +
  "item, row, error, error_name, error_message, error_code, at";

/** Returns the values of a letter for these columns. */
export function letterValues(letter: DeadLetter): (string | number | null)[] {
  const { pipeline, runId, offset, stage, attempts, item, row, error, errorParts, at } = letterRow(
    letter,
  );
  const { name, message, code } = errorParts;
  const texts = [name, message, code].map((text) => text && storableText(text));
  return [
    storableText(pipeline),
    storableText(runId),
    offset,
    stage,
    attempts,
    item,
    row,
    error,
    ...texts,
    at,
  ];
}
