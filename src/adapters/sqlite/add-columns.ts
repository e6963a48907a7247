import { quoteName } from "../../sql/names.ts";
import { type ColumnFacts, columnsToAdd, factsSql } from "../../sql/sqlite/table-shape.ts";
import { execute, prepare, type SqliteDatabase } from "./client.ts";

/**
 * Adds columns without a type, which keep each value as it is; one that is there by now is left.
 * Called in a transaction that holds the write lock: nobody else can add them.
 * @returns Why a name cannot be that of a new column, by the rows that have it; then the transaction
 * has to end without a commit.
 */
export function addColumns(
  db: SqliteDatabase,
  table: string,
  names: Iterable<string>,
  rows: readonly object[],
): ReadonlyMap<number, Error> {
  const facts = prepare(db, factsSql).all(table) as ColumnFacts[];
  const { missing, refused } = columnsToAdd(facts, names, rows);
  if (refused.size === 0) { for (const name of missing) add(db, table, name); }
  return refused;
}

function add(db: SqliteDatabase, table: string, name: string): void {
  const sql = `alter table ${quoteName(table)} add column ${quoteName(name)}`;
  try {
    execute(db, sql);
  } catch (error) {
    if (!(error as Error).message.includes("missing datatype")) throw error;
    execute(db, `${sql} any`); // The table is strict: there this type keeps values as they are.
  }
}
