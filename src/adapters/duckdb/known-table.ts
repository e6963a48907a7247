import { quoteName } from "../../sql/names.ts";
import type { Unknown } from "../../sql/rows.ts";
import type { Written } from "../../sql/written.ts";
import type { DuckdbConnection } from "./client.ts";
import { type AppendedColumn, appendOf, appendRows, type TablePlace } from "./append.ts";
import { insertStatement, type Target } from "./insert.ts";
import { foldCase } from "./names.ts";
import { type Batch, type Column, type Group, readRows } from "./rows.ts";
import { kindOf } from "./values.ts";

/** Most characters of a statement, about: more of them would hold much memory. */
const maxLength = 2 ** 24;

/** Rules for rows that have less or more than the columns. */
export interface Fit {
  /** Each row has to give all columns; else it may leave to the table all but the key. */
  readonly needsAll: boolean;
  /** Columns, folded, that a row may leave to the table all the same. */
  readonly open: ReadonlySet<string>;
  /** Action on a property that no column accepts. */
  readonly unknown: Unknown;
}

/** Facts of DuckDB about a column of a table. */
export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  /** The constraint that it is part of. */
  readonly key: "PRI" | "UNI" | null;
  /** It is part of a unique index that was made by a statement of its own. */
  readonly isIndexed: boolean;
  /** Default of the column for rows that omit it, in SQL. */
  readonly byDefault: string | null;
  readonly isGenerated: boolean;
}

/** Facts about a table. */
export interface TableFacts {
  /** Place of the table; `undefined` if several have its name. */
  readonly place: TablePlace | undefined;
  /** All columns in their order. */
  readonly columns: readonly ColumnFacts[];
}

/** A table as it was when it was looked up. */
export class KnownTable {
  readonly target: Target;
  /** The columns that rows can fill. */
  readonly columns: readonly Column[];
  readonly facts: TableFacts;
  readonly #connection: DuckdbConnection;
  readonly #fit: Fit;
  readonly #isAppended: boolean;

  /** Stores the columns that rows can fill, and the facts about all columns. */
  constructor(
    connection: DuckdbConnection,
    target: Target,
    { columns, facts }: { readonly columns: readonly Column[]; readonly facts: TableFacts },
    fit: Fit,
  ) {
    this.#connection = connection;
    this.target = target;
    this.columns = columns;
    this.facts = facts;
    this.#fit = fit;
    this.#isAppended = facts.place !== undefined && target.conflict === "error" &&
      connection.createAppender !== undefined &&
      columns.every(({ type }) => appendOf(type) !== undefined);
  }

  get name(): string {
    return this.target.table;
  }

  /** The names of all columns. */
  get columnNames(): readonly string[] {
    return this.facts.columns.map(({ name }) => name);
  }

  /** The columns that identify its rows; none if nothing defines them. */
  get identity(): readonly string[] {
    const { key } = this.target;
    if (key.length > 0) return key;
    return this.facts.columns.filter(({ key }) => key === "PRI").map(({ name }) => name);
  }

  /** Returns the facts about a column. */
  factsOf(name: string): ColumnFacts | undefined {
    const folded = foldCase(name);
    return this.facts.columns.find((column) => foldCase(column.name) === folded);
  }

  /** A column, also one that rows do not fill. */
  columnOf(name: string): Column | undefined {
    const folded = foldCase(name);
    const filled = this.columns.find((column) => foldCase(column.name) === folded);
    const facts = this.factsOf(name);
    if (filled !== undefined || facts === undefined) return filled;
    return { name: facts.name, type: facts.type, kind: kindOf(facts.type), isNeeded: false };
  }

  /** Has the database compare the statement with the table, which writes nothing. */
  async explain(): Promise<void> {
    const statement = insertStatement(this.target, this.columns);
    await this.#connection.run(`explain ${statement}`, ["[]"]);
  }

  /**
   * Reads a batch for the table. A row fails if a value cannot be stored unchanged, or a property has no
   * column.
   */
  read(rows: readonly object[]): Batch {
    const { table, conflict, key } = this.target;
    const { needsAll, open, unknown } = this.#fit;
    const keys = key.map(foldCase);
    const needs = needsAll
      ? (name: string) => !open.has(foldCase(name))
      : (name: string) => keys.includes(foldCase(name));
    const isOrdered = conflict !== "error";
    const { columns } = this;
    const reading = { table, columns, needs, unknown, isOrdered, isAppended: this.#isAppended };
    return readRows(reading, rows);
  }

  /** Writes rows that give the same columns. */
  async insert(group: Group, written: Written): Promise<void> {
    const { columns, rows } = group;
    const { table, conflict } = this.target;
    const appended = await this.#append(group);
    const statement = insertStatement(this.target, columns);
    let changes = 0;
    const isText = !this.#isAppended;
    for (const json of partsOf(columns, appended > 0 ? rows.slice(appended) : rows, isText)) {
      const { rowsChanged = NaN } = await this.#connection.run(statement, [json]);
      changes += rowsChanged;
    }
    if (conflict === "error") written.add(table, "inserted", rows.length);
    else if (conflict === "replace") written.add(table, "written", changes);
    else written.addOf(table, "inserted", rows.length, changes);
  }

  /** Appends rows if that is possible, and returns how many. */
  async #append({ columns, rows }: Group): Promise<number> {
    const { place: where, columns: all } = this.facts;
    if (!this.#isAppended) return 0;
    const places = new Map(columns.map(({ name }, n) => [foldCase(name), n]));
    const appended: AppendedColumn[] = [];
    for (const { name, type, byDefault, isGenerated } of all) {
      const place = places.get(foldCase(name)) ?? -1;
      if (place === -1 && byDefault !== null) return 0; // An appender takes no default but a constant.
      if (!isGenerated) appended.push({ place, append: appendOf(type) });
    }
    // Values go by the places of the columns, which may have changed meanwhile.
    const found = await this.#connection.run(`from ${quoteName(this.name)} limit 0`);
    if (found.columnNames?.().join("\0") !== this.columnNames.join("\0")) return 0;
    return await appendRows(this.#connection, this.name, where!, { columns: appended, rows });
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
