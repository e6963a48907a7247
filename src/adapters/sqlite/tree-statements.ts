/**
 * Statements on tables that hang together: what finds rows and removes them, with all that belongs to them.
 * @module
 */
import type { LinkedTable } from "../../sql/linked-tables.ts";
import { quoteName } from "../../sql/names.ts";
import type { Written } from "../../sql/written.ts";
import {
  changesOf,
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  type SqliteValue,
} from "./client.ts";
import { below, type Where } from "../../sql/sqlite/below.ts";
import { aliased } from "../../sql/sqlite/insert.ts";
import type { KnownTable } from "./known-table.ts";

/** Columns of a row, as the table has them. */
export type Stored = readonly SqliteValue[];

/** Finds rows by values of theirs. */
export type Finder = (values: Stored) => Stored[];

/** Most values by which one statement looks rows up. */
const maxLookups = 60;

/** Tables as they were looked up, and the statements on several of them. */
export interface TreePlan {
  readonly linked: readonly LinkedTable[];
  readonly tables: readonly KnownTable[];
  readonly statements: TreeStatements;
}

/** Finds and removes rows; each statement is prepared once. */
export class TreeStatements {
  readonly #db: SqliteDatabase;
  readonly #tables: readonly LinkedTable[];
  readonly #kept = new Map<string, SqliteStatement>();
  readonly #finders = new Map<string, Finder>();

  constructor(db: SqliteDatabase, tables: readonly LinkedTable[]) {
    this.#db = db;
    this.#tables = tables;
  }

  /**
   * Returns a function that looks rows up by values of some columns and returns those of others. A
   * null finds nothing.
   */
  finder(table: number, wanted: readonly string[], by: readonly string[]): Finder {
    const where = by.map((column) => `${quoteName(column)} = ?`).join(" and ");
    const from = quoteName(this.#tables[table]!.name);
    const sql = `select ${aliased(wanted)} from ${from} where ${where}`;
    let finder = this.#finders.get(sql);
    if (finder === undefined) {
      const statement = this.#statement(sql);
      finder = (values) =>
        statement.all(...values).map((row) => storedOf(row as object, wanted.length));
      this.#finders.set(sql, finder);
    }
    return finder;
  }

  /** Returns the rows that a finder would find for several values, by few statements. */
  findAll(
    table: number,
    wanted: readonly string[],
    by: readonly string[],
    all: readonly Stored[],
  ): Stored[] {
    const size = Math.max(1, Math.floor(maxLookups / by.length));
    const from = quoteName(this.#tables[table]!.name);
    const sql = `select ${aliased(wanted)} from ${from} where ${isAmong("", by, size)}`;
    return lotsOf(all, size, by.length).flatMap((values) =>
      this.#statement(sql).all(...values).map((row) => storedOf(row as object, wanted.length))
    );
  }

  /** Removes rows by values of theirs, and before them all that belongs to them. */
  remove(table: number, by: readonly string[], values: Stored, written: Written): void {
    this.#remove(table, (alias) => {
      return by.map((column) => `${alias}.${quoteName(column)} is ?`).join(" and ");
    }, { values, written });
  }

  /** Removes rows by several values, by few statements. */
  removeAll(
    table: number,
    { by, values: all }: { readonly by: readonly string[]; readonly values: readonly Stored[] },
    written: Written,
  ): void {
    const size = Math.max(1, Math.floor(maxLookups / by.length));
    for (const values of all) if (values.includes(null)) this.remove(table, by, values, written);
    const others = all.filter((values) => !values.includes(null));
    for (const values of lotsOf(others, size, by.length)) {
      this.#remove(table, (alias) => isAmong(`${alias}.`, by, size), { values, written });
    }
  }

  #remove(
    table: number,
    where: Where,
    removal: { readonly values: Stored; readonly written: Written },
  ): void {
    const { name, children } = this.#tables[table]!;
    for (const child of children) {
      const { on } = this.#tables[child]!.parent!;
      this.#remove(child, below(name, on, where), removal);
    }
    const sql = `delete from ${quoteName(name)} as t0 where ${where("t0", 0)}`;
    const changes = changesOf(this.#statement(sql).run(...removal.values));
    removal.written.add(name, "deleted", changes);
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#kept.get(sql);
    if (statement === undefined) {
      statement = prepare(this.#db, sql);
      this.#kept.set(sql, statement);
    }
    return statement;
  }
}

/** That columns have one of so many values. */
function isAmong(alias: string, by: readonly string[], size: number): string {
  const columns = by.map((column) => `${alias}${quoteName(column)}`);
  const marks = by.map(() => "?").join(", ");
  const lot = (each: string) => Array<string>(size).fill(each).join(", ");
  if (by.length === 1) return `${columns[0]} in (${lot(marks)})`;
  return `(${columns.join(", ")}) in (values ${lot(`(${marks})`)})`;
}

/** Values for statements that take so many each; nulls fill the last one, as they find nothing. */
function lotsOf(all: readonly Stored[], size: number, width: number): SqliteValue[][] {
  const lots: SqliteValue[][] = [];
  for (let n = 0; n < all.length; n += size) {
    const lot = all.slice(n, n + size).flat();
    while (lot.length < size * width) lot.push(null);
    lots.push(lot);
  }
  return lots;
}

/** Returns the values that a statement returned for so many columns. */
export function storedOf(row: object, width: number): Stored {
  const values = row as Readonly<Record<string, SqliteValue>>;
  const stored: SqliteValue[] = [];
  for (let n = 0; n < width; n++) stored.push(values[`c${n}`]!);
  return stored;
}

/** The same for all values that a column may take for equal. */
export function foldedId(values: Stored): string | number {
  const [first] = values;
  if (values.length === 1 && Number.isSafeInteger(first)) return first as number;
  const folded = values.map((value) => {
    if (value instanceof Uint8Array) return storedId([value]);
    const text = `${value}`.trim().toLowerCase();
    return text === "" || Number.isNaN(Number(text)) ? JSON.stringify(text) : Number(text);
  });
  return folded.length === 1 ? folded[0]! : folded.join();
}

/**
 * The same for the same stored values. A whole number has that of a bigint, which it is stored as,
 * unless it may stand for several of them.
 */
export function storedId(values: Stored): string | number {
  const [first] = values;
  if (values.length === 1) { // Most keys are one number.
    const number = typeof first === "bigint" ? Number(first) : first;
    if (Number.isSafeInteger(number)) return number as number;
  }
  return values.map((value) => {
    if (typeof value === "string") return JSON.stringify(value);
    if (value instanceof Uint8Array) return `b${Array.from(value).join(".")}`;
    return typeof value === "number" && !Number.isSafeInteger(value) ? `f${value}` : `${value}`;
  }).join();
}
