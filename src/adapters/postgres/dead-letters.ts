import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import { repeatableLetters } from "../../dead-letters/repeatable-letters.ts";
import { letterRow } from "../../sql/letter-row.ts";
import { withoutUnstorable } from "../../sql/text.ts";
import type { OwnTable } from "./bookkeeping.ts";
import type { Database } from "./database.ts";
import { sqlStateOf } from "./sql-state.ts";

/** Most characters of letters sent in one statement, where it has several. */
const maxLength = 2 ** 20;

const columns = [
  ...["pipeline text", "run_id text", "item_offset bigint", "stage text", "attempts integer"],
  ...["item text", '"row" text', "error text", "error_name text", "error_message text"],
  ...["error_code text", '"at" timestamptz'],
];
const names = columns.map((column) => column.slice(0, column.indexOf(" ")));
const keys = names.map((name) => name.replaceAll('"', ""));

/** Opens a stream that keeps dead letters in a table: each is there for good once its write resolves. */
export function openDeadLetters(
  database: Database,
  table: OwnTable,
): WritableStream<DeadLetter> {
  const into = `insert into ${table.name} (${names.join(", ")})`;
  const bound = columns.map((column, n) => `$${n + 1}::text::${column.slice(names[n]!.length)}`);
  const one = `${into} values (${bound.join(", ")})`;
  const several = `${into} select ${names.join(", ")}
    from pg_catalog.json_to_recordset(${database.json}) as letter(${columns.join(", ")})`;
  return repeatableLetters({
    async write(letter, { signal }) {
      await table.prepare(signal);
      await database.values(one, textsOf(letter), signal);
    },
    async writeAll(letters, { signal }) {
      await table.prepare(signal);
      const parts = partsOf(letters);
      const [first] = parts;
      if (parts.length === 1) return void await database.values(several, [first], signal);
      await database.transaction(async ({ values }) => {
        for (const part of parts) await values(several, [part]);
      }, signal);
    },
  });
}

/** The letters as JSON, in parts of about `maxLength`: a server takes no text without end. */
function partsOf(letters: readonly DeadLetter[]): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let length = 0;
  for (const letter of letters) {
    const texts = textsOf(letter);
    const json = JSON.stringify(Object.fromEntries(keys.map((key, n) => [key, texts[n]])));
    if (length + json.length > maxLength && length > 0) {
      parts.push(`[${part}]`);
      part = [];
      length = 0;
    }
    part.push(json);
    length += json.length;
  }
  return [...parts, `[${part}]`];
}

/** Returns the stored texts of a letter, in the order of the columns. */
function textsOf(letter: DeadLetter): (string | null)[] {
  const { pipeline, runId, offset, stage, attempts, item, row, error, errorParts, at } = letterRow(
    letter,
  );
  const { name, message, code } = errorParts;
  const texts = [
    ...[pipeline, runId, String(offset), stage, String(attempts)],
    ...[item, row, error, name ?? typeof letter.error, message],
    ...[sqlStateOf(letter.error) ?? code, new Date(at).toISOString()],
  ];
  return texts.map(storableText);
}

/** A letter must not be lost for a character that PostgreSQL has no place for. */
function storableText(text: string | null): string | null {
  return text === null ? null : withoutUnstorable(text, "\ufffd");
}
