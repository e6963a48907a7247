import { openSqlite as openDatabase } from "../open-sqlite.ts";
import type { CheckpointRow, KeptCheckpoints } from "./kept-checkpoints.ts";
import { checkpointOfRow } from "./read-kept.ts";

const rowsSql = `select key, checkpoint, run_id, lease_until, lease from millrace_checkpoint
  order by key`;
const removeSql = "delete from millrace_checkpoint where key = ? returning key";
const removeSameSql = `delete from millrace_checkpoint
  where key = ? and run_id is ? and lease_until is ? returning key`;

/** A file of SQLite that a sink keeps its checkpoints in. */
export async function openSqlite(path: string): Promise<KeptCheckpoints> {
  const db = await openDatabase(path, { readOnly: false });
  const hasTable = () =>
    db.prepare("select name from sqlite_schema where name = 'millrace_checkpoint'").get() != null;
  return {
    async list() {
      return hasTable() ? (db.prepare(rowsSql).all() as CheckpointRow[]).map(checkpointOfRow) : [];
    },
    async remove(key, claim) {
      if (!hasTable()) return false;
      const removed = claim === "any"
        ? db.prepare(removeSql).all(key)
        : db.prepare(removeSameSql).all(key, claim?.runId ?? null, claim?.until ?? null);
      return removed.length > 0;
    },
    close: async () => db.close(),
  };
}
