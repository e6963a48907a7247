import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterRow } from "../../sql/letter-row.ts";
import { withoutUnstorable } from "../../sql/text.ts";
import { type DuckdbConnection, transact } from "./client.ts";

const idsSql = "create sequence if not exists millrace_dead_letter_id";
const tableSql = `create table if not exists millrace_dead_letter (
  id bigint primary key default nextval('millrace_dead_letter_id'), pipeline varchar not null,
  run_id varchar not null, item_offset bigint not null, stage varchar not null,
  attempts integer not null, item varchar not null, "row" varchar, error varchar not null,
  error_name varchar, error_message varchar not null, error_code varchar, "at" bigint not null
)`;
const insertSql = `insert into millrace_dead_letter (pipeline, run_id, item_offset, stage, attempts,
  item, "row", error, error_name, error_message, error_code, "at")
  values ($1, $2, $3::bigint, $4, $5::integer, $6, $7::varchar, $8, $9::varchar, $10, $11::varchar,
    $12::bigint)`;

/** Opens a stream that keeps dead letters in a table, which it makes with the first one. */
export function openDeadLetters<E>(
  connection: DuckdbConnection,
): WritableStream<DeadLetter<E>> {
  const writeAll = (
    letters: readonly DeadLetter<E>[],
    { signal }: { readonly signal: AbortSignal },
  ) =>
    transact(connection, async () => {
      await connection.run(idsSql);
      await connection.run(tableSql);
      for (const letter of letters) await connection.run(insertSql, valuesOf(letter));
    }, signal);
  return repeatableLetters<E>({ write: (letter, told) => writeAll([letter], told), writeAll });
}

function valuesOf(letter: DeadLetter): (string | null)[] {
  const { pipeline, runId, offset, stage, attempts, item, row, error, errorParts, at } = letterRow(
    letter,
  );
  const { name, message, code } = errorParts;
  const values = [
    ...[pipeline, runId, `${offset}`, stage, `${attempts}`],
    ...[item, row, error, name, message, code, `${at}`],
  ];
  return values.map(storableText);
}

/** A letter must not be lost for a character that the client would cut it at. */
function storableText(text: string | null): string | null {
  return text === null ? null : withoutUnstorable(text, "\ufffd");
}
