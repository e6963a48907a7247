import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterRow } from "../../sql/letter-row.ts";
import { storableText } from "../../sql/sqlite/values.ts";
import { type Database, type Statement, statement } from "./database.ts";
import { jsonRows, lotsOf } from "./json-rows.ts";

const tableSql = `create table if not exists millrace_dead_letter (
  id integer primary key, pipeline text not null, run_id text not null,
  item_offset integer not null, stage text not null, attempts integer not null,
  item text not null, row text, error text not null, error_name text, error_message text not null, error_code text,
  at integer not null
)`;
const columns = ["pipeline", "run_id", "item_offset", "stage", "attempts", "item", "row", "error"]
  .concat("error_name", "error_message", "error_code", "at");
const insertSql = `insert into millrace_dead_letter (${columns.join(", ")})
  select ${columns.map((_, n) => `j.value->>${n}`).join(", ")} from json_each(?1) as j`;

/** Opens a stream that keeps dead letters in a table, which it makes with the first one. */
export function openDeadLetters<E>(
  db: Database,
  maxBytes: number,
): WritableStream<DeadLetter<E>> {
  const writeAll = async (letters: readonly DeadLetter<E>[]) => {
    const rows = jsonRows(letters.flatMap(valuesOf), columns.length);
    const inserts = lotsOf(rows, maxBytes).map(({ json }): Statement => statement(insertSql, json));
    await db.batch([statement(tableSql), ...inserts]);
  };
  return repeatableLetters<E>({ write: (letter) => writeAll([letter]), writeAll });
}

function valuesOf(letter: DeadLetter): (string | number | null)[] {
  const { pipeline, runId, offset, stage, attempts, item, row, error, errorParts, at } = letterRow(
    letter,
  );
  const { name, message, code } = errorParts;
  const texts = [name, message, code].map((text) => text === null ? null : storableText(text));
  return [
    ...[storableText(pipeline), storableText(runId), offset, stage, attempts],
    ...[item, row, error, ...texts, at],
  ];
}
