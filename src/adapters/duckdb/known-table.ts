import { BatchError } from "../../errors.ts";
import type { Unknown } from "../../sql/rows.ts";
import type { Written } from "../../sql/written.ts";
import type { DuckdbConnection } from "./client.ts";
import { insertStatement, type Target } from "./insert.ts";
import { foldCase } from "./names.ts";
import { type Batch, type Column, type Group, readRows } from "./rows.ts";

/** How many characters a statement takes at most, about: more of them would hold much memory. */
const maxLength = 2 ** 24;

/** What becomes of rows that have less or more than the columns. */
export interface Fit {
  /** Each row has to give all columns; else it may leave to the table all but the key. */
  readonly needsAll: boolean;
  /** What becomes of a property that no column takes. */
  readonly unknown: Unknown;
}

/** A table as it was when it was looked up. */
export class KnownTable {
  readonly #connection: DuckdbConnection;
  readonly #target: Target;
  readonly #columns: readonly Column[];
  readonly #fit: Fit;

  /** Takes the columns that rows can fill. */
  constructor(
    connection: DuckdbConnection,
    target: Target,
    columns: readonly Column[],
    fit: Fit,
  ) {
    this.#connection = connection;
    this.#target = target;
    this.#columns = columns;
    this.#fit = fit;
  }

  /** Has the database compare the statement with the table, which writes nothing. */
  async explain(): Promise<void> {
    const statement = insertStatement(this.#target, this.#columns);
    await this.#connection.run(`explain ${statement}`, ["[]"]);
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
    if (batch.failures.size === 0) return batch;
    throw new BatchError(new Map(batch.failures));
  }

  /** Writes rows that give the same columns. */
  async insert({ columns, rows }: Group, written: Written): Promise<void> {
    const { table, conflict } = this.#target;
    const statement = insertStatement(this.#target, columns);
    let changes = 0;
    for (const json of partsOf(rows)) {
      const { rowsChanged = NaN } = await this.#connection.run(statement, [json]);
      changes += rowsChanged;
    }
    if (conflict === "error") written.add(table, "inserted", rows.length);
    else if (conflict === "replace") written.add(table, "written", changes);
    else written.addOf(table, "inserted", rows.length, changes);
  }
}

/** Rows as JSON, in parts that are not too long. */
function* partsOf(rows: Group["rows"]): Generator<string> {
  let lines: string[] = [];
  let length = 0;
  for (const row of rows) {
    const line = JSON.stringify(row);
    if (length > 0 && length + line.length > maxLength) {
      yield `[${lines.join()}]`;
      lines = [];
      length = 0;
    }
    lines.push(line);
    length += line.length;
  }
  yield `[${lines.join()}]`;
}
