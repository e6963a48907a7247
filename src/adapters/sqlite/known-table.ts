import type { Written } from "../../sql/written.ts";
import { changesOf, prepare, type SqliteDatabase, type SqliteStatement } from "./client.ts";
import { aliased, insertStatement, type Target } from "../../sql/sqlite/insert.ts";
import type { Batch, Group } from "../../sql/sqlite/rows.ts";
import { identityOf, readFor, type TableShape, widened } from "../../sql/sqlite/table-shape.ts";

/** Most rows of a statement; more of them do not make it faster. */
const maxRows = 100;
/** Most values of a statement: far below the limit of any build of SQLite. */
const maxValues = 2_000;
/** Most sets of columns whose statements are kept: rows may give any of them. */
const maxSets = 64;

/** A table as it was when it was looked up, and the prepared statements for it. */
export class KnownTable {
  readonly #db: SqliteDatabase;
  readonly #shape: TableShape;
  readonly #target: Target;
  readonly #columns: readonly string[];
  readonly #inserts = new Map<string, Insert>();
  readonly #returning = new Map<string, SqliteStatement>();

  /** Takes how rows fill it. */
  constructor(db: SqliteDatabase, shape: TableShape) {
    this.#db = db;
    this.#shape = shape;
    this.#target = shape.target;
    this.#columns = shape.columns;
  }

  /** The columns that rows can fill. */
  get columns(): readonly string[] {
    return this.#columns;
  }

  /** The columns that identify its rows; none if nothing defines them. */
  get identity(): readonly string[] {
    return identityOf(this.#shape);
  }

  /** The columns that tell whether a row is there already; none for any unique index. */
  get conflictKey(): readonly string[] {
    return this.#target.key;
  }

  /** Returns true if another one has the same statements. */
  isLike(other: KnownTable): boolean {
    const told = ({ target, columns, primaryKey }: TableShape) =>
      JSON.stringify([target, columns, primaryKey]);
    return told(other.#shape) === told(this.#shape);
  }

  /** Prepares the statement for one row. */
  prepareOne(): void {
    this.#insertInto(this.#columns).statementOf(1);
  }

  /**
   * Reads a batch for the table. A row fails if a value cannot be stored unchanged, or a property has no
   * column.
   */
  read(rows: readonly object[]): Batch {
    return readFor(this.#shape, rows);
  }

  /** The same table once it has some more columns, which rows may leave out. */
  withColumns(names: ReadonlySet<string>): KnownTable {
    return new KnownTable(this.#db, widened(this.#shape, names));
  }

  /** Writes rows that give the same columns. */
  insert({ columns, values }: Group, written: Written): void {
    this.#count(values.length / columns.length, this.#insertInto(columns).run(values), written);
  }

  /** Adds the outcome of rows; the database does not report whether one was updated or inserted. */
  #count(rows: number, changes: number | undefined, written: Written): void {
    const { table, conflict } = this.#target;
    if (conflict === "error") written.add(table, "inserted", rows);
    else written.addOf(table, conflict === "ignore" ? "inserted" : "written", rows, changes);
  }

  /** Writes one row and gives what the table has in some columns of it; nothing where it was kept. */
  insertReturning(
    { columns, values }: Group,
    returned: readonly string[],
    written: Written,
  ): unknown {
    const id = JSON.stringify([columns, returned]);
    let statement = this.#returning.get(id);
    if (statement === undefined) {
      if (this.#returning.size >= maxSets) this.#returning.clear();
      const insert = insertStatement(this.#target, columns, 1);
      statement = prepare(this.#db, `${insert} returning ${aliased(returned)}`);
      this.#returning.set(id, statement);
    }
    const [row] = statement.all(...values);
    this.#count(1, row == null ? 0 : 1, written);
    return row;
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

  /** Writes the values of any number of rows, and gives how many of them the database has changed. */
  run(values: Group["values"]): number | undefined {
    const width = this.#columns.length;
    let next = 0;
    let changes: number | undefined = 0;
    for (const size of this.#sizes) {
      const step = size * width;
      if (values.length - next < step) continue; // It may never be needed.
      const statement = this.statementOf(size);
      for (; values.length - next >= step; next += step) {
        const changed = changesOf(statement.run(...values.slice(next, next + step)));
        changes = changed === undefined ? undefined : changes! + changed;
      }
    }
    return changes;
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
