/**
 * A checked batch in the form in which it is written: the values of its rows by column.
 * @module
 */
import { notAnObject, unfitValue, withoutProperties } from "../../sql/row-errors.ts";
import { gives, isRow, type Unknown, UnknownProperties } from "../../sql/rows.ts";
import type { Cell, Kind } from "./values.ts";

/** A column that rows can fill. */
export interface Column {
  readonly name: string;
  /** Its type, as the database names it. */
  readonly type: string;
  /** Values that it accepts. */
  readonly kind: Kind;
  /** True if each row must give it, as it is part of the key and has no default. */
  readonly isNeeded: boolean;
}

/** Table that rows are read for, and the rules for them. */
export interface Reading {
  /** The name of the table. */
  readonly table: string;
  readonly columns: readonly Column[];
  /** Returns true for the columns that each row must give. It may omit the others. */
  readonly needs: (name: string) => boolean;
  /** Action on a property that no column accepts. */
  readonly unknown: Unknown;
  /** True if rows keep their order, whatever columns they give. */
  readonly isOrdered: boolean;
  /** Values are kept as they are, but for objects, which are kept as texts of JSON. */
  readonly isAppended: boolean;
}

/** The values of a row, one for each column: as they are, or as the texts that the database reads. */
export type Cells = Cell[];

/** Rows that give the same columns. */
export interface Group {
  readonly columns: readonly Column[];
  readonly rows: Cells[];
}

/** A batch that was checked. */
export interface Batch {
  readonly groups: readonly Group[];
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Names for which columns are to be added. */
  readonly fresh: ReadonlySet<string>;
  /** Errors of the other rows, by their place. */
  readonly failures: ReadonlyMap<number, Error>;
}

/** Reads a batch. A row fails if a value cannot be stored unchanged, or a property has no column. */
export function readRows(reading: Reading, rows: readonly object[]): Batch {
  const { columns, unknown } = reading;
  const failures = new Map<number, Error>();
  const others = new UnknownProperties(columns.map(({ name }) => name), unknown);
  const groups = new Groups(reading);
  rows.forEach((row, place) => {
    const cells = cellsOf(reading, row, place);
    const error = cells instanceof Error
      ? cells
      : others.look(row, place) ?? groups.add(cells, place, others.adds(row));
    if (error !== undefined) failures.set(place, error);
  });
  return { groups: groups.list, drift: others.counts, fresh: others.fresh, failures };
}

/** Returns true if a value that fits its column is kept as it is. */
function isKept(value: unknown): value is Cell {
  return typeof value !== "object" || value instanceof Date || value instanceof Uint8Array;
}

/** Returns the cells of a row, `undefined` for an omitted column; or its error. */
function cellsOf(
  { columns, needs, isAppended }: Reading,
  row: unknown,
  place: number,
): (Cell | undefined)[] | Error {
  if (!isRow(row)) return notAnObject(row, columns[0]?.name, place);
  const cells = new Array<Cell | undefined>(columns.length);
  for (let n = 0; n < columns.length; n++) {
    const { name, kind, isNeeded } = columns[n]!;
    const value = (row as Readonly<Record<string, unknown>>)[name];
    const text = kind.encode(value);
    cells[n] = isAppended && text !== undefined && isKept(value) ? value : text;
    if (text !== undefined || (!isNeeded && !needs(name) && !gives(row, name))) continue;
    return unfitValue(value, name, kind.expected, place);
  }
  return cells;
}

/** Rows by the columns that they give. */
class Groups {
  readonly list: Group[] = [];
  readonly #reading: Reading;
  #byColumns = new Map<string, Group>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Takes a row, or tells that it gives nothing; one that will once it has its columns is left. */
  add(cells: (Cell | undefined)[], place: number, isLater: boolean): Error | undefined {
    const { table, columns, isOrdered } = this.#reading;
    const isWhole = !cells.includes(undefined);
    const given = isWhole ? columns : columns.filter((_, n) => cells[n] !== undefined);
    if (given.length === 0) {
      return isLater ? undefined : withoutProperties(JSON.stringify(table), place);
    }
    const id = isWhole ? "" : JSON.stringify(given.map(({ name }) => name));
    let group = this.#byColumns.get(id);
    if (group === undefined) {
      group = { columns: given, rows: [] };
      this.list.push(group);
      if (isOrdered) this.#byColumns = new Map(); // Only the last one may take more.
      this.#byColumns.set(id, group);
    }
    group.rows.push((isWhole ? cells : cells.filter((cell) => cell !== undefined)) as Cells);
    return undefined;
  }
}
