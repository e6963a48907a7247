import { EtlError, messageOf } from "../errors.ts";
import type { SqliteDatabase } from "../adapters/sqlite.ts";

/** A database that can be closed. */
export interface ClosableDatabase extends SqliteDatabase {
  close(): void;
}

/** The subset of `node:sqlite`. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readOnly: boolean }) => ClosableDatabase;
}

/** The subset of `bun:sqlite`. */
interface BunSqlite {
  readonly Database: new (path: string, options: object) => ClosableDatabase;
}

/** Options of a database. */
export interface OpenOptions {
  /** If true, the file has to be there, and nothing is written. */
  readonly readOnly: boolean;
}

/**
 * Opens a file of SQLite by `node:sqlite`, or by `bun:sqlite` of a Bun that lacks that. Statements
 * wait up to 5 s for a lock.
 */
export async function openSqlite(
  path: string,
  { readOnly }: OpenOptions,
  // @ts-ignore: the package is checked without the types of any host.
  nodeSqlite: () => Promise<NodeSqlite> = () => import("node:sqlite"),
): Promise<ClosableDatabase> {
  const open = await openerOf(nodeSqlite);
  let db: ClosableDatabase | undefined;
  try {
    db = open(path, readOnly);
    db.exec("pragma busy_timeout = 5000");
    db.prepare("pragma schema_version").get(); // Reads the file, which may be of another kind.
    return db;
  } catch (error) {
    db?.close();
    const message = `Cannot open ${JSON.stringify(path)} as SQLite: ${messageOf(error)}`;
    throw new EtlError(message, { cause: error });
  }
}

async function openerOf(
  nodeSqlite: () => Promise<NodeSqlite>,
): Promise<(path: string, readOnly: boolean) => ClosableDatabase> {
  try {
    const { DatabaseSync } = await nodeSqlite();
    return (path, readOnly) => new DatabaseSync(path, { readOnly });
  } catch (error) {
    const name = "bun:sqlite"; // Not a literal: bundlers of other hosts would look for it.
    const bun: BunSqlite | undefined = await import(name).catch(() => undefined);
    if (bun === undefined) throw error;
    return (path, readOnly) =>
      new bun.Database(path, readOnly ? { readonly: true } : { readwrite: true, create: true });
  }
}
