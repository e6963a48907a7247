import type { SqliteDatabase } from "../../adapters/sqlite/client.ts";
import type { CheckpointRow, KeptCheckpoints } from "./kept-checkpoints.ts";
import { checkpointOfRow } from "./row-checkpoint.ts";

interface OpenDatabase extends SqliteDatabase {
  close(): void;
}

const rowsSql = `select key, checkpoint, run_id, lease_until, lease from millrace_checkpoint
  order by key`;
const removeSql = "delete from millrace_checkpoint where key = ? returning key";
const removeSameSql = `delete from millrace_checkpoint
  where key = ? and run_id is ? and lease_until is ? returning key`;

/** A file of SQLite that a sink keeps its checkpoints in. */
export async function openSqlite(path: string): Promise<KeptCheckpoints> {
  const db = await open(path);
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

async function open(path: string): Promise<OpenDatabase> {
  let db: OpenDatabase;
  try {
    // @ts-ignore: the package is checked without the types of any host.
    const { DatabaseSync } = await import("node:sqlite");
    db = new DatabaseSync(path);
  } catch (error) {
    const name = "bun:sqlite"; // Of Bun before it had `node:sqlite`.
    const bun: { Database: new (path: string) => OpenDatabase } | undefined = await import(name)
      .catch(() => undefined);
    if (bun === undefined) throw error;
    db = new bun.Database(path);
  }
  db.exec("pragma busy_timeout = 5000");
  return db;
}
