import { encodeItem } from "../../dead-letters/dead-letter-json.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { errorColumns } from "../../dead-letters/error-columns.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import type { OwnTable } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { sqlStateOf } from "./sql-state.ts";

/** A stream that keeps dead letters in a table: each is there for good once its write resolves. */
export function deadLetterStream(
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
      await database.values(text, valuesOf(letter).map(storable), signal);
    },
  });
}

function valuesOf(letter: DeadLetter): (string | null)[] {
  const { name, message, code } = errorColumns(letter.error);
  return [
    letter.pipeline,
    letter.runId,
    String(letter.offset),
    letter.stage,
    String(letter.attempts),
    encodeItem(letter.item),
    "row" in letter ? encodeItem(letter.row) : null,
    encodeItem(letter.error),
    name ?? typeof letter.error,
    message,
    sqlStateOf(letter.error) ?? code,
    new Date(letter.at).toISOString(),
  ];
}

/** A letter must not be lost for a character that PostgreSQL has no place for. */
function storable(value: string | null): string | null {
  return value?.replaceAll(/[\0\ud800-\udfff]/gu, "\ufffd") ?? null;
}
