import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterColumns, letterTableSql, letterValues } from "../../sql/sqlite/letter-table.ts";
import {
  checkClient,
  execute,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  transact,
} from "./client.ts";
import type { Turns } from "./turns.ts";

const insertSql = `insert into millrace_dead_letter (${letterColumns})
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Opens a stream that keeps dead letters in a table, which it makes with the first one. */
export function openDeadLetters<E>(
  db: SqliteDatabase,
  turns: Turns,
): WritableStream<DeadLetter<E>> {
  let insert: SqliteStatement | undefined;
  const writeAll = (letters: readonly DeadLetter<E>[]) => {
    if (insert === undefined) checkClient(db);
    const rows = letters.map(letterValues);
    return turns.take(() =>
      transact(db, () => {
        if (insert === undefined) execute(db, letterTableSql);
        insert ??= prepare(db, insertSql);
        for (const values of rows) insert.run(...values);
      })
    );
  };
  return repeatableLetters<E>({ write: (letter) => writeAll([letter]), writeAll });
}
