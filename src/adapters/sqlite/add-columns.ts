import { BatchError } from "../../errors.ts";
import { quoteName } from "../../sql/names.ts";
import { cannotAdd } from "../../sql/row-errors.ts";
import { execute, isOfSql, prepare, type SqliteDatabase } from "./client.ts";
import { foldCase, name as nameRule } from "./names.ts";

const factsSql = "select name, hidden from pragma_table_xinfo(?)";
const rowIds = ["rowid", "oid", "_rowid_"];

/**
 * Adds columns without a type, which keep each value as it is; one that is there by now is left.
 * Called in a transaction that holds the write lock: nobody adds them meanwhile.
 * @throws {BatchError} If a name cannot be that of a new column: names the rows that have it.
 */
export function addColumns(
  db: SqliteDatabase,
  table: string,
  names: Iterable<string>,
  rows: readonly object[],
): void {
  const facts = prepare(db, factsSql).all(table) as { name: string; hidden: bigint }[];
  const there = new Map(facts.map((column) => [foldCase(column.name), column]));
  for (const name of names) {
    const folded = foldCase(name);
    const found = there.get(folded);
    if (found?.name === name && Number(found.hidden) === 0) continue;
    if (found !== undefined) refuse(rows, name, `the table has ${JSON.stringify(found.name)}`);
    if (rowIds.includes(folded)) refuse(rows, name, "SQLite has its own column of this name");
    if (!nameRule.test(name)) refuse(rows, name, `it has to be ${nameRule.expected}`);
    add(db, table, name);
    there.set(folded, { name, hidden: 0n });
  }
}

function add(db: SqliteDatabase, table: string, name: string): void {
  const sql = `alter table ${quoteName(table)} add column ${quoteName(name)}`;
  try {
    execute(db, sql);
  } catch (error) {
    if (!isOfSql(error) || !(error as Error).message.includes("missing datatype")) throw error;
    execute(db, `${sql} any`); // The table is strict: there this type keeps values as they are.
  }
}

function refuse(rows: readonly object[], name: string, reason: string): never {
  throw new BatchError(cannotAdd(rows, name, reason));
}
