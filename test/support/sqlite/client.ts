import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { SqliteDatabase, SqliteLoadContext } from "../../../src/adapters/sqlite.ts";
import type { DoneRange } from "../../../src/checkpoints/checkpoint.ts";

/** A database that a test can close. */
export interface TestDatabase extends SqliteDatabase {
  close(): unknown;
}

/** A client of SQLite that the cases are run with. */
export interface SqliteClient {
  readonly name: string;
  /** Opens a database that waits for no lock. */
  open(path: string): TestDatabase;
}

/** Databases of one test: closed, and their files removed, after it. */
export interface Databases {
  /** One in memory, after these statements. */
  inMemory(sql?: string): TestDatabase;
  /** One in a file; a second call with the same name connects to the same file. */
  inFile(name: string, sql?: string): TestDatabase;
}

/** Makes the databases of the tests of the block that it is called in. */
export function databasesOf(client: SqliteClient): Databases {
  const opened: TestDatabase[] = [];
  let folder: string | undefined;
  afterEach(() => {
    for (const db of opened.splice(0)) db.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
    folder = undefined;
  });
  const open = (path: string, sql: string) => {
    const db = client.open(path);
    opened.push(db);
    db.exec(sql);
    return db;
  };
  return {
    inMemory: (sql = "select 1") => open(":memory:", sql),
    inFile: (name, sql = "select 1") => {
      folder ??= mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
      return open(join(folder, name), sql);
    },
  };
}

/** All rows of a query, as plain objects. */
export function rowsOf(db: SqliteDatabase, sql: string): unknown[] {
  return db.prepare(sql).all().map((row) => ({ ...row as object }));
}

/** How many rows a table has. */
export function countOf(db: SqliteDatabase, table: string): unknown {
  return (db.prepare(`select count(*) as rows from ${table}`).get() as { rows: unknown }).rows;
}

/** What a load of a run without checkpoints is told. */
export const plainContext: SqliteLoadContext = { runId: "one", batch: { attempt: 1 } };

/** What a load is told that completes these ranges of the key "users". */
export function markedContext(
  ranges: readonly DoneRange[],
  { runId = "one", attempt = 1 } = {},
): SqliteLoadContext {
  return { runId, batch: { attempt, key: "users", ranges } };
}
