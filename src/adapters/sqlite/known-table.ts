import { BatchError } from "../../errors.ts";
import type { Unknown } from "../../sql/rows.ts";
import { prepare, type SqliteDatabase, type SqliteStatement } from "./client.ts";
import { insertStatement, type Target } from "./insert.ts";
import { foldCase } from "./names.ts";
import { type Batch, type Group, readRows } from "./rows.ts";

/** How many rows a statement takes at most; more of them make it no faster. */
const maxRows = 100;
/** How many values a statement takes at most: far below what any build of SQLite allows. */
const maxValues = 2_000;
/** How many sets of columns have their statements kept: rows may give any of them. */
const maxSets = 64;

/** What becomes of rows that have less or more than the columns. */
export interface Fit {
  /** Each row has to give all columns; else it may leave to the table all but the key. */
  readonly needsAll: boolean;
  /** What becomes of a property that no column takes. */
  readonly unknown: Unknown;
}

/** A table as it was when it was looked up, and the prepared statements for it. */
export class KnownTable {
  readonly #db: SqliteDatabase;
  readonly #target: Target;
  readonly #columns: readonly string[];
  readonly #fit: Fit;
  readonly #inserts = new Map<string, Insert>();

  /** Takes the columns that rows can fill. */
  constructor(db: SqliteDatabase, target: Target, columns: readonly string[], fit: Fit) {
    this.#db = db;
    this.#target = target;
    this.#columns = columns;
    this.#fit = fit;
  }

  /** Whether another one has the same statements. */
  isLike(other: KnownTable): boolean {
    return JSON.stringify([other.#target, other.#columns]) ===
      JSON.stringify([this.#target, this.#columns]);
  }

  /** Prepares the statement for one row. */
  prepareOne(): void {
    this.#insertInto(this.#columns).statementOf(1);
  }

  /**
   * Reads a batch for it.
   * @throws {BatchError} If a value would not come back as it is, or no column takes it: names its rows.
   */
  read(rows: readonly object[]): Batch {
    const { table, conflict, key } = this.#target;
    const { needsAll, unknown } = this.#fit;
    const keys = key.map(foldCase);
    const needs = needsAll ? () => true : (name: string) => keys.includes(foldCase(name));
    const isOrdered = conflict !== "error";
    const batch = readRows({ table, columns: this.#columns, needs, unknown, isOrdered }, rows);
    const { failures } = batch;
    if (failures.size === 0) return batch;
    throw new BatchError(new Map([...failures].sort(([one], [other]) => one - other)));
  }

  /** Writes rows that give the same columns. */
  insert({ columns, values }: Group): void {
    this.#insertInto(columns).run(values);
  }

  #insertInto(columns: readonly string[]): Insert {
    const id = columns === this.#columns ? "" : JSON.stringify(columns);
    let insert = this.#inserts.get(id);
    if (insert === undefined) {
      if (this.#inserts.size >= maxSets) this.#inserts.clear();
      insert = new Insert(this.#db, this.#target, columns);
      this.#inserts.set(id, insert);
    }
    return insert;
  }
}

/** Writes rows by prepared statements of many rows each; what remains goes by smaller ones. */
class Insert {
  readonly #db: SqliteDatabase;
  readonly #target: Target;
  readonly #columns: readonly string[];
  readonly #sizes: readonly number[];
  readonly #statements = new Map<number, SqliteStatement>();

  constructor(db: SqliteDatabase, target: Target, columns: readonly string[]) {
    this.#db = db;
    this.#target = target;
    this.#columns = columns;
    const fitting = Math.floor(maxValues / columns.length);
    const largest = Math.max(1, Math.min(maxRows, fitting));
    this.#sizes = [...new Set([largest, Math.min(largest, 10), 1])];
  }

  /** Writes the values of any number of rows. */
  run(values: Group["values"]): void {
    const width = this.#columns.length;
    let next = 0;
    for (const size of this.#sizes) {
      const step = size * width;
      if (values.length - next < step) continue; // It may never be needed.
      const statement = this.statementOf(size);
      for (; values.length - next >= step; next += step) {
        statement.run(...values.slice(next, next + step));
      }
    }
  }

  /** The statement for so many rows. */
  statementOf(size: number): SqliteStatement {
    let statement = this.#statements.get(size);
    if (statement === undefined) {
      statement = prepare(this.#db, insertStatement(this.#target, this.#columns, size));
      this.#statements.set(size, statement);
    }
    return statement;
  }
}
