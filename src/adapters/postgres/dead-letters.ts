import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterRow } from "../../sql/letter-row.ts";
import { withoutUnstorable } from "../../sql/text.ts";
import type { OwnTable } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { sqlStateOf } from "./sql-state.ts";

/** Opens a stream that keeps dead letters in a table: each is there for good once its write resolves. */
export function openDeadLetters(
  database: Database,
  table: OwnTable,
): WritableStream<DeadLetter> {
  const text = `insert into ${table.name} (pipeline, run_id, item_offset, stage, attempts, item,
      "row", error, error_name, error_message, error_code, "at")
    values ($1::text, $2::text, $3::text::bigint, $4::text, $5::text::integer, $6::text, $7::text,
      $8::text, $9::text, $10::text, $11::text, $12::text::timestamptz)`;
  return repeatableLetters({
    async write(letter, { signal }) {
      await table.prepare(signal);
      await database.values(text, valuesOf(letter).map(storableText), signal);
    },
  });
}

function valuesOf(letter: DeadLetter): (string | null)[] {
  const { pipeline, runId, offset, stage, attempts, item, row, error, errorParts, at } = letterRow(
    letter,
  );
  const { name, message, code } = errorParts;
  return [
    ...[pipeline, runId, String(offset), stage, String(attempts)],
    ...[item, row, error, name ?? typeof letter.error, message],
    ...[sqlStateOf(letter.error) ?? code, new Date(at).toISOString()],
  ];
}

/** A letter must not be lost for a character that PostgreSQL has no place for. */
function storableText(text: string | null): string | null {
  return text === null ? null : withoutUnstorable(text, "\ufffd");
}
