/**
 * The fillable form of a table of SQLite, from the options of a sink and the facts of the database.
 * @module
 */
import { fail } from "../../options.ts";
import { cannotAdd } from "../row-errors.ts";
import type { Unknown } from "../rows.ts";
import { checkKey } from "../sink-options.ts";
import type { TableSettings } from "../tables-options.ts";
import type { Target } from "./insert.ts";
import { foldCase, name as nameRule } from "./names.ts";
import { type Batch, readRows } from "./rows.ts";

/** Facts of SQLite about a column of a table. */
export interface ColumnFacts {
  readonly name: string;
  /** Its place in the primary key, from 1; otherwise 0. */
  readonly pk: bigint | number;
  /** 0 for an ordinary column, 1 for one that is only visible by name, 2 and 3 for a generated one. */
  readonly hidden: bigint | number;
}

/** Queries the columns of the bound table. */
export const factsSql = "select name, pk, hidden from pragma_table_xinfo(?)";
/** Names of a column that is not in the list of columns. */
export const rowIds: readonly string[] = ["rowid", "oid", "_rowid_"];

/** Rules for rows with fewer or more properties than columns. */
export interface Fit {
  /** True if each row must give all columns; otherwise it must only give the key. */
  readonly needsAll: boolean;
  /** Columns that a row may omit in any case. */
  readonly open?: ReadonlySet<string>;
  /** Action on a property that no column accepts. */
  readonly unknown: Unknown;
}

/** The fillable form of a table. */
export interface TableShape {
  readonly target: Target;
  /** The columns that rows can fill. */
  readonly columns: readonly string[];
  readonly fit: Fit;
  readonly primaryKey: readonly string[];
}

/**
 * Returns the shape of a table.
 * @throws {ConfigurationError} If the table, a column or a key is missing, so that no row fits.
 */
export function shapeOf(settings: TableSettings, facts: readonly ColumnFacts[]): TableShape {
  const { table, columns: given, unknown } = settings;
  if (facts.length === 0) fail("load rows", "table", "an existing table", table);
  const usual = facts.filter(({ hidden }) => Number(hidden) === 0).map(nameOf);
  const open = new Set(given !== undefined && unknown === "add" ? others(usual, given) : []);
  const columns = given === undefined ? usual : [...given, ...open];
  for (const column of columns) checkColumn(table, column, facts);
  const fit = { needsAll: given !== undefined, open, unknown };
  const primaryKey = facts.filter(({ pk }) => Number(pk) > 0).map(nameOf);
  return { target: targetOf(settings, columns, primaryKey), columns, fit, primaryKey };
}

/** Returns the columns that identify a row of a table; none if nothing defines them. */
export function identityOf({ target, primaryKey }: TableShape): readonly string[] {
  return target.key.length > 0 ? target.key : primaryKey;
}

/** Returns the same table with additional columns, which rows may omit. */
export function widened(shape: TableShape, names: ReadonlySet<string>): TableShape {
  const { open = [], ...fit } = shape.fit;
  const wider = { ...fit, open: new Set([...open, ...names]) };
  return { ...shape, columns: [...shape.columns, ...names], fit: wider };
}

/**
 * Reads a batch for a table. A row fails if a value cannot be stored unchanged, or a property has no
 * column.
 */
export function readFor({ target, columns, fit }: TableShape, rows: readonly object[]): Batch {
  const { table, conflict, key } = target;
  const { needsAll, open, unknown } = fit;
  const keys = key.map(foldCase);
  const needs = needsAll
    ? (name: string) => !open?.has(name)
    : (name: string) => keys.includes(foldCase(name));
  return readRows({ table, columns, needs, unknown, isOrdered: conflict !== "error" }, rows);
}

/**
 * Checks the names of columns to add, by the rows that have them.
 * @returns The names that do not exist yet, or the failures of the first name that is not possible.
 */
export function columnsToAdd(
  facts: readonly ColumnFacts[],
  names: Iterable<string>,
  rows: readonly object[],
): { readonly missing: readonly string[]; readonly refused: ReadonlyMap<number, Error> } {
  const there = new Map(facts.map((column) => [foldCase(column.name), column]));
  const missing: string[] = [];
  for (const name of names) {
    const found = there.get(foldCase(name));
    if (found?.name === name && Number(found.hidden) === 0) continue;
    const reason = refusalOf(name, found);
    if (reason !== undefined) return { missing, refused: cannotAdd(rows, name, reason) };
    missing.push(name);
    there.set(foldCase(name), { name, pk: 0, hidden: 0 });
  }
  return { missing, refused: new Map() };
}

function refusalOf(name: string, found: ColumnFacts | undefined): string | undefined {
  if (found !== undefined) return `the table has ${JSON.stringify(found.name)}`;
  if (rowIds.includes(foldCase(name))) return "SQLite has its own column of this name";
  return nameRule.test(name) ? undefined : `it has to be ${nameRule.expected}`;
}

function checkColumn(name: string, column: string, facts: readonly ColumnFacts[]): void {
  const folded = foldCase(column);
  const found = facts.find(({ name }) => foldCase(name) === folded);
  if (found === undefined && rowIds.includes(folded)) return; // The statement shows it.
  const table = JSON.stringify(name);
  if (found === undefined) fail("load rows", "columns", `columns of table ${table}`, column);
  if (Number(found.hidden) > 1) {
    fail("load rows", "columns", `columns that table ${table} does not generate`, column);
  }
}

function targetOf(
  { table, conflict, key, missing }: TableSettings,
  columns: readonly string[],
  primaryKey: readonly string[],
): Target {
  if (key === undefined) {
    // All rows of a parent are replaced.
    if (missing !== undefined && primaryKey.length === 0) {
      return { table, conflict: "error", key: [] };
    }
    if (conflict === "replace") {
      const action = `load into table ${JSON.stringify(table)}`;
      if (primaryKey.length === 0) {
        fail(action, "key", "given, as it has no primary key", undefined);
      }
      checkKey(action, columns, primaryKey, foldCase);
    }
    return { table, conflict, key: conflict === "replace" ? primaryKey : [] };
  }
  checkKey("load rows", columns, key, foldCase);
  return { table, conflict, key };
}

/** Returns the columns that are not given: earlier batches may have added them. */
function others(all: readonly string[], given: readonly string[]): string[] {
  const folded = given.map(foldCase);
  return all.filter((name) => !folded.includes(foldCase(name)));
}

function nameOf({ name }: ColumnFacts): string {
  return name;
}
