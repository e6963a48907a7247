/**
 * Target of a sink, as the database has it now.
 * @module
 */
import { ConfigurationError } from "../../../errors.ts";
import { fail } from "../../../options.ts";
import { type Column, readTable, type Table } from "./columns.ts";
import type { Database } from "../database.ts";
import { type Input, insertStatement, noRows, type Target } from "../insert.ts";
import { keptName, tableName } from "../names.ts";
import type { SinkSettings } from "../sink-options.ts";
import { sqlStateOf } from "../sql-state.ts";
import { indexesOn, readUniqueIndexes, type UniqueIndex } from "./unique-indexes.ts";

/** Target of a sink with the facts about its table, for one run. */
export interface KnownTarget extends Target {
  readonly known: Table;
}

/**
 * Looks up the facts that a sink needs about its table.
 * @throws {ConfigurationError} If rows cannot be loaded into the table, whatever they contain.
 */
export async function readTarget(database: Database, options: SinkSettings): Promise<KnownTarget> {
  const table = tableName(options.table, options.schema);
  try {
    const { columns, types = {}, conflict, method } = options;
    const known = await readTable(database, { table, columns, types });
    if (method === "copy" && known.refusesCopy !== undefined) {
      fail("load rows", "method", `"insert", as ${known.refusesCopy}`, method);
    }
    const indexes = conflict === "error" ? [] : await readUniqueIndexes(database, table);
    const key = keyOf(table, options, known.columns, indexes);
    const deciding = decidingIndexes(known, key, indexes);
    return { table, conflict, key, known, indexes: deciding, changesKeys: known.hasTrigger };
  } catch (error) {
    const isRefusal = /^(?:42501|3F000)$/.test(sqlStateOf(error) ?? "");
    throw isRefusal ? asConfiguration(error, table) : error;
  }
}

function keyOf(
  table: string,
  { conflict, key, missing }: SinkSettings,
  columns: readonly Column[],
  indexes: readonly UniqueIndex[],
): readonly string[] {
  if (key === undefined && conflict !== "replace") return [];
  const primary = indexes.find(({ isPrimary }) => isPrimary)?.columns.map(({ name }) => name);
  const names = (key ?? primary ?? []).map((name) =>
    columns.find((column) => keptName(column.name) === keptName(name))?.name
  );
  // Without a key there is nothing to tell its rows by: those of a parent are replaced as a whole.
  if (names.length === 0 && missing === "delete") return [];
  const isLoaded = names.length > 0 && !names.includes(undefined);
  if (isLoaded) return names as string[];
  const words = key === undefined
    ? `given, as the 'columns' have no primary key of ${table}`
    : `some of the columns of ${table} that are loaded`;
  return fail("load rows", "key", words, key?.join(", "));
}

function decidingIndexes(
  { name: table, kind, columns }: Table,
  key: readonly string[],
  indexes: readonly UniqueIndex[],
): UniqueIndex[] {
  if (key.length === 0) return [];
  const nameOf = (kept: string) =>
    columns.find(({ name }) => keptName(name) === kept)?.name ?? kept;
  const named = indexes.map((index) => ({
    ...index,
    columns: index.columns.map((column) => ({ ...column, name: nameOf(column.name) })),
  }));
  const fitting = indexesOn(named, key);
  const isTable = kind === "r" || kind === "p"; // Those of a view are not its own.
  if (fitting.length === 0 && isTable) {
    fail("load rows", "key", uniqueWords(table), key.join(", "));
  }
  return fitting;
}

const uniqueWords = (table: string) =>
  `the columns of a unique index of ${table} without condition, expressions and delay`;

/**
 * Makes the database check the statement for some columns, without any row.
 * @throws {ConfigurationError} If it rejects the statement.
 */
export async function checkStatement(
  database: Database,
  target: KnownTarget,
  columns: readonly Column[],
): Promise<void> {
  try {
    await database.values(`explain ${insertStatement(target, columns, noRows satisfies Input)}`);
  } catch (error) {
    throw asConfiguration(error, target.table, target.key, columns.map(({ name }) => name));
  }
}

/** Returns true if an error is about the table and not a row: a right, a name, a missing index. */
export function isOfTable(error: unknown): boolean {
  return /^(?:42|0A|3F|55000)/.test(sqlStateOf(error) ?? "");
}

/**
 * Turns an error about the table into a `ConfigurationError` that names the option to change.
 * Returns any other error as it is.
 */
export function asConfiguration(
  error: unknown,
  table: string,
  key: readonly string[] = [],
  columns: readonly string[] = [],
): unknown {
  if (!isOfTable(error)) return error;
  const state = sqlStateOf(error);
  const [option, rule, value] = state === "42P10"
    ? ["key", uniqueWords(table), key.join(", ")]
    : state === "428C9"
    ? ["columns", `columns that ${table} does not generate`, columns.join(", ")]
    : state === "42501"
    ? ["table", "a table that this role may insert into", table]
    : ["table", "a table that accepts rows with these options", table];
  const message = String((error as Error).message);
  return new ConfigurationError(
    `Cannot load rows as '${option}' must be ${rule} (${message}): ` +
      `current value is ${JSON.stringify(value)}`,
    { cause: error },
  );
}
