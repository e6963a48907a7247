import { DatabaseSync } from "node:sqlite";
import { type Checkpoint, decodeCheckpoint } from "../../src/checkpoints/checkpoint.ts";

/** What a database holds of a job. */
export interface Stored {
  /** Rows that are there. */
  readonly rows: number;
  /** Different numbers in them. */
  readonly numbers: number;
  /** Their sum. */
  readonly sum: number;
  readonly checkpoint: Checkpoint | undefined;
  /** Of a job that adds columns: what is not with its rows. */
  readonly faults?: number;
}

/** Where writers load to, seen from outside. */
export interface CrashDatabase {
  /** Makes the table, or an empty one in its place, and forgets the checkpoint. */
  clear(): Promise<void>;
  read(): Promise<Stored>;
  /** Locks out every writer, and gives what ends that; nothing if a writer holds a lock. */
  lock(): Promise<(() => Promise<void>) | undefined>;
  close(): Promise<void>;
}

/** A file of SQLite. */
export function sqliteFile(path: string): CrashDatabase {
  const open = () => new DatabaseSync(path, { timeout: 5000 });
  return {
    clear: async () => {
      const db = open();
      db.exec(`pragma journal_mode = wal; drop table if exists t; create table t (n integer);
        drop table if exists millrace_checkpoint`);
      db.close();
    },
    read: async () => {
      const db = open(); // Anew each time, as a process does that comes after a crash.
      try {
        const [row] = db.prepare(countSql).all() as [Omit<Stored, "checkpoint">];
        const has = db.prepare("select 1 from sqlite_schema where name = 'millrace_checkpoint'");
        if (has.get() === undefined) return { ...row, checkpoint: undefined };
        const kept = db.prepare("select checkpoint from millrace_checkpoint").get();
        return { ...row, checkpoint: checkpointOf(kept?.["checkpoint"]) };
      } finally {
        db.close();
      }
    },
    lock: async () => {
      const db = new DatabaseSync(path, { timeout: 0 });
      try {
        db.exec("begin immediate");
      } catch {
        return void db.close(); // It is busy.
      }
      return async () => db.close();
    },
    close: async () => {},
  };
}

/** Counts what is in the table. */
export const countSql =
  "select count(*) as rows, count(distinct n) as numbers, coalesce(sum(n), 0) as sum from t";

/** A checkpoint as a sink has stored it, if it has. */
export function checkpointOf(text: unknown): Checkpoint | undefined {
  return typeof text === "string" ? decodeCheckpoint("crash", text) : undefined;
}
