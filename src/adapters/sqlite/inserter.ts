import {
  prepare,
  type SqliteDatabase,
  type SqliteStatement,
  type SqliteValue,
} from "./database.ts";

/** How many rows a statement takes at most; more of them make it no faster. */
const maxRows = 100;
/** How many values a statement takes at most: far below what any build of SQLite allows. */
const maxValues = 2_000;

/** Writes rows by prepared statements of many rows each; what remains goes by smaller ones. */
export class Inserter {
  /** The columns that it fills. */
  readonly columns: readonly string[];
  readonly #db: SqliteDatabase;
  readonly #head: string;
  readonly #tail: string;
  readonly #sizes: readonly number[];
  readonly #statements = new Map<number, SqliteStatement>();

  /** Takes a statement in two parts, with the rows between them. */
  constructor(db: SqliteDatabase, columns: readonly string[], head: string, tail: string) {
    this.#db = db;
    this.columns = columns;
    this.#head = head;
    this.#tail = tail;
    const fitting = Math.floor(maxValues / columns.length);
    const largest = Math.max(1, Math.min(maxRows, fitting));
    this.#sizes = [...new Set([largest, Math.min(largest, 10), 1])];
  }

  /** Whether another one has the same statements. */
  isLike(other: Inserter): boolean {
    return other.#head === this.#head && other.#tail === this.#tail;
  }

  /** Prepares the statement for one row. */
  prepareOne(): void {
    this.#statementOf(1);
  }

  /** Writes the values of any number of rows. */
  insert(values: SqliteValue[]): void {
    const width = this.columns.length;
    let next = 0;
    for (const size of this.#sizes) {
      const step = size * width;
      if (values.length - next < step) continue; // It may never be needed.
      const statement = this.#statementOf(size);
      for (; values.length - next >= step; next += step) {
        statement.run(...values.slice(next, next + step));
      }
    }
  }

  #statementOf(size: number): SqliteStatement {
    let statement = this.#statements.get(size);
    if (statement === undefined) {
      statement = prepare(this.#db, this.#sqlOf(size));
      this.#statements.set(size, statement);
    }
    return statement;
  }

  #sqlOf(size: number): string {
    const row = `(${this.columns.map(() => "?").join(", ")})`;
    return this.#head + Array.from({ length: size }, () => row).join(", ") + this.#tail;
  }
}
