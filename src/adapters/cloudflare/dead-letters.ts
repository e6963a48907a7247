import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterColumns, letterTableSql, letterValues } from "../../sql/sqlite/letter-table.ts";
import { type Database, type Statement, statement } from "./database.ts";
import { jsonRows, lotsOf } from "./json-rows.ts";

const columns = letterColumns.split(", ");
const insertSql = `insert into millrace_dead_letter (${letterColumns})
  select ${columns.map((_, n) => `j.value->>${n}`).join(", ")} from json_each(?1) as j`;

/** Opens a stream that keeps dead letters in a table, which it makes with the first one. */
export function openDeadLetters<E>(
  db: Database,
  maxBytes: number,
): WritableStream<DeadLetter<E>> {
  const writeAll = async (letters: readonly DeadLetter<E>[]) => {
    const rows = jsonRows(letters.flatMap(letterValues), columns.length);
    const inserts = lotsOf(rows, maxBytes).map(({ json }): Statement => statement(insertSql, json));
    await db.batch([statement(letterTableSql), ...inserts]);
  };
  return repeatableLetters<E>({ write: (letter) => writeAll([letter]), writeAll });
}
