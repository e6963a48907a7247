import { quoteName } from "../../sql/names.ts";
import { cannotAdd } from "../../sql/row-errors.ts";
import { execute, prepare, type SqliteDatabase } from "./client.ts";
import { foldCase, name as nameRule } from "./names.ts";

const factsSql = "select name, hidden from pragma_table_xinfo(?)";
const rowIds = ["rowid", "oid", "_rowid_"];

interface Fact {
  readonly name: string;
  readonly hidden: bigint | number;
}

/**
 * Adds columns without a type, which keep each value as it is; one that is there by now is left.
 * Called in a transaction that holds the write lock: nobody adds them meanwhile.
 * @returns Why a name cannot be that of a new column, by the rows that have it; then the transaction
 * has to end without a commit.
 */
export function addColumns(
  db: SqliteDatabase,
  table: string,
  names: Iterable<string>,
  rows: readonly object[],
): ReadonlyMap<number, Error> {
  const facts = prepare(db, factsSql).all(table) as Fact[];
  const there = new Map(facts.map((column) => [foldCase(column.name), column]));
  for (const name of names) {
    const found = there.get(foldCase(name));
    if (found?.name === name && Number(found.hidden) === 0) continue;
    const reason = refusalOf(name, found);
    if (reason !== undefined) return cannotAdd(rows, name, reason);
    add(db, table, name);
    there.set(foldCase(name), { name, hidden: 0 });
  }
  return new Map();
}

function refusalOf(name: string, found: Fact | undefined): string | undefined {
  if (found !== undefined) return `the table has ${JSON.stringify(found.name)}`;
  if (rowIds.includes(foldCase(name))) return "SQLite has its own column of this name";
  return nameRule.test(name) ? undefined : `it has to be ${nameRule.expected}`;
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
