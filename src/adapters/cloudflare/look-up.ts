import { fail } from "../../options.ts";
import { foldCase } from "../../sql/sqlite/names.ts";
import { type ColumnFacts, factsSql, rowIds, shapeOf } from "../../sql/sqlite/table-shape.ts";
import type { TableSettings } from "../../sql/tables-options.ts";
import { type Database, isOfSql, statement } from "./database.ts";
import type { KnownTable } from "./known-table.ts";
import { insertInto } from "./statements.ts";

const listSql = `select type, wr, strict,
  (select count(*) from sqlite_master where name = 'sqlite_sequence') as sequences
  from pragma_table_list(?1) where schema = 'main'`;

interface ListFacts {
  readonly type: string;
  readonly wr: number;
  readonly strict: number;
  readonly sequences: number;
}

/**
 * Looks tables up, all by two calls.
 * @throws {ConfigurationError} If a table, a column or an index is missing, so that no row fits.
 */
export async function lookUp(
  db: Database,
  all: readonly TableSettings[],
): Promise<readonly KnownTable[]> {
  const asked = all.flatMap(({ table }) => [statement(factsSql, table), statement(listSql, table)]);
  const answers = await db.batch(asked);
  const known = all.map((settings, n) => {
    const facts = answers[2 * n] as unknown as ColumnFacts[];
    const [list] = answers[2 * n + 1] as unknown as (ListFacts | undefined)[];
    return knownTable(settings, facts, list);
  });
  await tryEach(db, all, known);
  return known;
}

function knownTable(
  settings: TableSettings,
  facts: readonly ColumnFacts[],
  list: ListFacts | undefined,
): KnownTable {
  const shape = shapeOf(settings, facts);
  const taken = [...facts.map(({ name }) => name), ...shape.columns].map(foldCase);
  const hasRowIds = list?.type === "table" && list.wr === 0;
  const rowId = hasRowIds ? rowIds.find((name) => !taken.includes(name)) : undefined;
  const { table: name } = settings;
  const hasSequences = Number(list?.sequences) > 0;
  return { name, shape, facts, rowId, hasSequences, isStrict: list?.strict === 1 };
}

/** Inserts no rows: SQLite compares a statement with the table, with its views and triggers. */
async function tryEach(
  db: Database,
  all: readonly TableSettings[],
  known: readonly KnownTable[],
): Promise<void> {
  const tries = known.map(({ shape: { target, columns } }) =>
    statement(insertInto(target, columns, columns.map(() => "null")), "[]")
  );
  try {
    await db.batch(tries);
  } catch (error) {
    if (!isOfSql(error)) throw error;
    for (const [n, one] of tries.entries()) await db.batch([one]).catch(refusalFor(all[n]!));
    throw error;
  }
}

function refusalFor({ table, key }: TableSettings): (error: unknown) => never {
  return (error) => {
    if (!isOfSql(error)) throw error;
    const { message } = error as Error;
    if (key !== undefined && message.includes("ON CONFLICT")) {
      const rule = `the columns of a primary key or a unique index of ${JSON.stringify(table)}`;
      fail("load rows", "key", rule, key.join(", "));
    }
    return fail("load rows", "table", `one that accepts these columns (${message})`, table);
  };
}
