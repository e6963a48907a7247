import type { SqliteDatabase } from "../../src/adapters/sqlite.ts";
import type { DeadLetter } from "../../src/index.ts";
import { advance, type Checkpoint, rangesOf } from "../../src/checkpoints/checkpoint.ts";
import { MemorySink, type Row as SinkRow } from "../support/sinks/memory-sink.ts";
import type { Plan } from "./plan.ts";

/** The SQLite of the runtime, where it has one that works. */
const Sqlite = await import("node:sqlite").then(({ DatabaseSync }) => {
  new DatabaseSync(":memory:").close();
  return DatabaseSync;
}).catch(() => undefined);

/** Whether the runtime has a SQLite; elsewhere a sink in memory stands in for it. */
export const hasSqlite: boolean = Sqlite !== undefined;

/** An item and its row. */
export interface Row {
  readonly n: number;
}

/** What outlives a process: rows, letters and marks. Nothing in it is unique. */
export class Disk extends MemorySink {
  /** The rows of all runs, each with its number, in the order of their commits. */
  readonly kept: number[] = [];
  /** The letters of all runs. */
  readonly lettersKept: DeadLetter<Row>[] = [];
  /** The database of `node:sqlite`, where the plan has one. */
  sqlite: SqliteDatabase & { close(): unknown } | undefined;

  /** Adds rows; the table takes the same one twice. */
  override insert(rows: SinkRow[]): void {
    for (const { id } of rows) this.kept.push(id);
  }

  /** Keeps a checkpoint of a run, and what its loads have marked meanwhile. */
  override write(key: string, checkpoint: Checkpoint): void {
    const stored = this.store.read(key);
    const isSame = stored !== undefined && stored.runId === checkpoint.runId;
    this.store.write(key, isSame ? advance(checkpoint, rangesOf(stored)) : checkpoint);
  }

  /** Makes the table in a database of its own; numbers that no load takes are refused by it. */
  open(plan: Plan, poisons: readonly number[]): void {
    if (plan.sink !== "sqlite") return;
    const db = new Sqlite!(":memory:");
    const refused = poisons.length === 0 ? "" : ` check (n not in (${poisons.join(", ")}))`;
    db.exec(`create table t (n integer${refused})`);
    this.sqlite = db as unknown as NonNullable<Disk["sqlite"]>;
  }

  /** The numbers of all rows that lasted. */
  numbers(): number[] {
    if (this.sqlite === undefined) return this.kept;
    return this.sqlite.prepare("select n from t").all().map((row) => Number((row as Row).n));
  }

  /** Closes what was opened. */
  override close(): void {
    this.sqlite?.close();
  }
}

/** A client of the database whose every call may fail. */
export function guarded(db: SqliteDatabase, check: (sql: string) => void): SqliteDatabase {
  const within = <O extends object>(
    target: O,
    sqlOf: (name: string, first: unknown) => string,
  ): O =>
    new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const sql = sqlOf(String(name), args[0]);
          check(sql);
          const result: unknown = Reflect.apply(member, object, args);
          return name === "prepare" ? within(result as object, () => sql) : result;
        };
      },
    });
  return within(db, (_, first) => String(first));
}
