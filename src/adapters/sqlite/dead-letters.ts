import { encodeItem } from "../../dead-letters/dead-letter-json.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { errorColumns } from "../../dead-letters/error-columns.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import {
  checkClient,
  execute,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  transact,
} from "./database.ts";
import { storableText } from "./values.ts";

const tableSql = `create table if not exists millrace_dead_letter (
  id integer primary key, pipeline text not null, run_id text not null,
  item_offset integer not null, stage text not null, attempts integer not null,
  item text not null, row text, error text not null, error_name text, error_message text not null, error_code text,
  at integer not null
)`;
const insertSql = `insert into millrace_dead_letter (pipeline, run_id, item_offset, stage, attempts,
  item, row, error, error_name, error_message, error_code, at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Keeps dead letters in a table, which it makes with the first one. */
export function deadLetterStream<E>(db: SqliteDatabase): WritableStream<DeadLetter<E>> {
  let insert: SqliteStatement | undefined;
  return repeatableLetters<E>({
    write(letter) {
      if (insert === undefined) checkClient(db);
      transact(db, () => {
        if (insert === undefined) execute(db, tableSql);
        insert ??= prepare(db, insertSql);
        const { pipeline, runId, offset, stage, attempts, item, row, error, at } = letter;
        const { name, message, code } = errorColumns(error);
        insert.run(
          ...[storableText(pipeline), storableText(runId), offset, stage, attempts],
          ...[encodeItem(item), "row" in letter ? encodeItem(row) : null, encodeItem(error)],
          ...[storable(name), storableText(message), storable(code), at],
        );
      });
    },
  });
}

function storable(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
