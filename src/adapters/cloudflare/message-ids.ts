import type { CheckpointStore } from "../../checkpoints/checkpoint.ts";
import { fail } from "../../options.ts";
import { type Database, isOfStatement, runAll, type Statement, statement } from "./database.ts";

/** On the context of a load: of which messages its rows are. */
export const messageIds: unique symbol = Symbol.for("millrace.messageIds") as typeof messageIds;

/** Of which messages the rows of a load are. */
export interface MessageIds {
  /** The store of the sink that is to keep them: any other sink in the same load takes no notice. */
  readonly store: CheckpointStore;
  /** The id of the message that a row is of; `undefined` where nobody knows. */
  idOf(row: object): string | undefined;
}

/** On a store: its sink writes the rows of each message once. */
export const keepsIds: unique symbol = Symbol.for("millrace.keepsIds") as typeof keepsIds;

const tableSql = `create table if not exists millrace_seen (
  id text not null primary key, at integer not null
)`;
const insertSql = `insert into millrace_seen (id, at)
  select j.value, unixepoch() from json_each(?1) as j`;
const findSql = `select id from millrace_seen
  where id in (select j.value from json_each(?1) as j)`;

/** The ids of rows, each once. */
export function idsOf(rows: readonly object[], { idOf }: MessageIds): string[] {
  const ids = rows.map((row) => {
    const id = idOf(row);
    if (id !== undefined) return id;
    const rule =
      "those that the pipeline has made of its messages, as they are: by others nobody sees " +
      "which messages are loaded";
    return fail("load rows of a queue", "rows", rule, row);
  });
  return [...new Set(ids)];
}

/**
 * Runs statements in one transaction with the ids of what they write.
 * @returns The ids that were there already, by which nothing was written; none where it was.
 */
export async function runOnce(
  db: Database,
  ids: readonly string[],
  statements: readonly Statement[],
): Promise<ReadonlySet<string>> {
  const json = JSON.stringify(ids);
  try {
    await runAll(db, [statement(tableSql), statement(insertSql, json), ...statements]);
    return new Set();
  } catch (error) {
    const isOfIds = `${(error as Error | undefined)?.message}`.includes("millrace_seen.id");
    if (!isOfIds && isOfStatement(error)) throw error;
    const seen = await seenOf(db, json).catch(() => Promise.reject(error));
    // Where the answer was lost, all of them tell that it was committed.
    if (isOfIds || seen.size === ids.length && seen.size > 0) return seen;
    throw error;
  }
}

async function seenOf(db: Database, json: string): Promise<ReadonlySet<string>> {
  const [, rows] = await db.batch([statement(tableSql), statement(findSql, json)]);
  return new Set(rows!.map(({ id }) => `${id}`));
}
