import { BatchError } from "../../errors.ts";
import { quoteName } from "../../sql/names.ts";
import type { Unknown } from "../../sql/rows.ts";
import type { Written } from "../../sql/written.ts";
import type { DuckdbConnection } from "./client.ts";
import { type AppendedColumn, appendOf, appendRows, type TablePlace } from "./append.ts";
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

/** What an appender has to know of a table. */
export interface Layout extends TablePlace {
  /** All columns in their order. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly hasDefault: boolean;
    readonly isGenerated: boolean;
  }[];
}

/** A table as it was when it was looked up. */
export class KnownTable {
  readonly #connection: DuckdbConnection;
  readonly #target: Target;
  readonly #columns: readonly Column[];
  readonly #fit: Fit;
  readonly #layout: Layout | undefined;

  /** Takes the columns that rows can fill, and where rows may be appended, all of them. */
  constructor(
    connection: DuckdbConnection,
    target: Target,
    columns: readonly Column[],
    fit: Fit,
    layout: Layout | undefined,
  ) {
    this.#connection = connection;
    this.#target = target;
    this.#columns = columns;
    this.#fit = fit;
    this.#layout = target.conflict === "error" && connection.createAppender !== undefined &&
        columns.every(({ type }) => appendOf(type) !== undefined)
      ? layout
      : undefined;
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
    const isAppended = this.#layout !== undefined;
    const columns = this.#columns;
    const batch = readRows({ table, columns, needs, unknown, isOrdered, isAppended }, rows);
    if (batch.failures.size === 0) return batch;
    throw new BatchError(new Map(batch.failures));
  }

  /** Writes rows that give the same columns. */
  async insert(group: Group, written: Written): Promise<void> {
    const { columns, rows } = group;
    const { table, conflict } = this.#target;
    const appended = await this.#append(group);
    const statement = insertStatement(this.#target, columns);
    let changes = 0;
    const isText = this.#layout === undefined;
    for (const json of partsOf(columns, appended > 0 ? rows.slice(appended) : rows, isText)) {
      const { rowsChanged = NaN } = await this.#connection.run(statement, [json]);
      changes += rowsChanged;
    }
    if (conflict === "error") written.add(table, "inserted", rows.length);
    else if (conflict === "replace") written.add(table, "written", changes);
    else written.addOf(table, "inserted", rows.length, changes);
  }

  /** Appends rows where that can be done, and gives how many of them it were. */
  async #append({ columns, rows }: Group): Promise<number> {
    const layout = this.#layout;
    if (layout === undefined) return 0;
    const { table } = this.#target;
    const places = new Map(columns.map(({ name }, n) => [foldCase(name), n]));
    const appended: AppendedColumn[] = [];
    for (const { name, type, hasDefault, isGenerated } of layout.columns) {
      const place = places.get(foldCase(name)) ?? -1;
      if (place === -1 && hasDefault) return 0; // An appender takes no default but a constant.
      if (!isGenerated) appended.push({ place, append: appendOf(type) });
    }
    // Values go by the places of the columns, which may have changed meanwhile.
    const found = await this.#connection.run(`from ${quoteName(table)} limit 0`);
    const isSame = found.columnNames?.().join("\0") ===
      layout.columns.map(({ name }) => name).join("\0");
    if (!isSame) return 0;
    return await appendRows(this.#connection, table, layout, { columns: appended, rows });
  }
}

/** Rows as JSON, in parts that are not too long. */
function* partsOf(
  columns: readonly Column[],
  rows: Group["rows"],
  isText: boolean,
): Generator<string> {
  let lines: string[] = [];
  let length = 0;
  for (const row of rows) {
    const line = JSON.stringify(isText ? row : row.map((cell, n) => columns[n]!.kind.encode(cell)));
    if (length > 0 && length + line.length > maxLength) {
      yield `[${lines.join()}]`;
      lines = [];
      length = 0;
    }
    lines.push(line);
    length += line.length;
  }
  if (lines.length > 0) yield `[${lines.join()}]`;
}
