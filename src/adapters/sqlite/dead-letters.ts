import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterRow } from "../../sql/letter-row.ts";
import {
  checkClient,
  execute,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  transact,
} from "./client.ts";
import type { Turns } from "./turns.ts";
import { storableText } from "../../sql/sqlite/values.ts";

const tableSql = `create table if not exists millrace_dead_letter (
  id integer primary key, pipeline text not null, run_id text not null,
  item_offset integer not null, stage text not null, attempts integer not null,
  item text not null, row text, error text not null, error_name text, error_message text not null, error_code text,
  at integer not null
)`;
const insertSql = `insert into millrace_dead_letter (pipeline, run_id, item_offset, stage, attempts,
  item, row, error, error_name, error_message, error_code, at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Opens a stream that keeps dead letters in a table, which it makes with the first one. */
export function openDeadLetters<E>(
  db: SqliteDatabase,
  turns: Turns,
): WritableStream<DeadLetter<E>> {
  let insert: SqliteStatement | undefined;
  const writeAll = (letters: readonly DeadLetter<E>[]) => {
    if (insert === undefined) checkClient(db);
    const rows = letters.map(valuesOf);
    return turns.take(() =>
      transact(db, () => {
        if (insert === undefined) execute(db, tableSql);
        insert ??= prepare(db, insertSql);
        for (const values of rows) insert.run(...values);
      })
    );
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
