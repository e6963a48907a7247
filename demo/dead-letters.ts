import { open } from "node:fs/promises";
import type { DatabaseSync } from "node:sqlite";
import { type DeadLetter, ndjsonDeadLetters } from "../src/index.ts";
import { countOf } from "./database.ts";

/**
 * Keeps each dead letter in two places, the table of a sink and a file of JSON lines; when a write
 * resolves it is in both.
 *
 * A run that is killed may have written a letter and not yet its checkpoint: then the next run comes
 * to that item again. So letters that are in the table are left out, and a line of the file whose
 * letter did not reach the table is cut off.
 */
export async function openDeadLetters(
  database: DatabaseSync,
  table: WritableStream<DeadLetter>,
  path: string,
): Promise<WritableStream<DeadLetter>> {
  const kept = new Set(keptIn(database));
  const file = await open(path, "a+");
  await file.truncate(endOfLine(kept.size, await file.readFile()));
  const lines = new WritableStream<Uint8Array>({
    async write(line) {
      await file.appendFile(line);
      await file.sync();
    },
    close: () => file.close(),
  });
  // The file comes first, so that it is never behind the table.
  const writers = [ndjsonDeadLetters(lines), table].map((stream) => stream.getWriter());
  return new WritableStream<DeadLetter>({
    async write(letter) {
      if (kept.has(keyOf(letter.pipeline, letter.offset))) return;
      for (const writer of writers) await writer.write(letter);
    },
    async close() {
      for (const writer of writers) await writer.close();
    },
  });
}

/** Why items were given up on, and how many: the most frequent reason first. */
export function reasonsIn(
  database: DatabaseSync,
): { pipeline: string; reason: string; count: number }[] {
  return select(
    database,
    `SELECT pipeline, error_message AS reason, count(*) AS count FROM millrace_dead_letter
      GROUP BY pipeline, reason ORDER BY count DESC, reason`,
  );
}

function keptIn(database: DatabaseSync): string[] {
  const query = "SELECT pipeline, item_offset AS offset FROM millrace_dead_letter";
  return select<{ pipeline: string; offset: number }>(database, query)
    .map(({ pipeline, offset }) => keyOf(pipeline, offset));
}

function keyOf(pipeline: string, offset: number): string {
  return `${pipeline} ${offset}`;
}

/** What a query gives of the dead letters. The sink makes their table with the first of them. */
function select<Row>(database: DatabaseSync, query: string): Row[] {
  const tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'millrace_dead_letter'";
  return countOf(database, tables) === 0 ? [] : database.prepare(query).all() as Row[];
}

/** Where a line ends, counted from 1; where there are fewer, the last one. */
function endOfLine(line: number, bytes: Uint8Array): number {
  const lineFeed = 0x0a;
  let end = 0;
  for (let ended = 0; ended < line && bytes.includes(lineFeed, end); ended++) {
    end = bytes.indexOf(lineFeed, end) + 1;
  }
  return end;
}
