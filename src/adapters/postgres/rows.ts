/**
 * A batch as it is sent: what its rows give to the columns, checked.
 * @module
 */
import { notAnObject, unfitValue, withoutProperties } from "../../sql/row-errors.ts";
import { gives, isRow, type Unknown, UnknownProperties } from "../../sql/rows.ts";
import { type Cell, cellOf, unfit } from "./values.ts";
import type { Column } from "./table/columns.ts";
import { cellName, type Cells } from "./insert.ts";

/** What rows are read for. */
export interface Reading {
  /** The quoted name of the table. */
  readonly table: string;
  readonly columns: readonly Column[];
  /** The columns that each row has to give; the others it may leave to the table. */
  readonly needs: (name: string) => boolean;
  /** What becomes of a property that no column takes. */
  readonly unknown: Unknown;
  /** Rows are kept in their order, whatever columns they give. */
  readonly isOrdered: boolean;
  /** Rows get values from other rows later, so that they need not give any. */
  readonly mayBeEmpty?: boolean;
}

/** Rows that give the same columns. */
export interface Group {
  readonly columns: readonly Column[];
  readonly cells: Cells[];
  /** The place of each in the batch. */
  readonly places: number[];
  /** Columns that get their values from rows of another table, once these are written. */
  readonly later?: readonly Column[] | undefined;
}

/** A batch that was checked. */
export interface Batch {
  readonly groups: readonly Group[];
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Their names, where columns are to be added for them. */
  readonly fresh: ReadonlySet<string>;
  /** What is wrong with the other rows, by their place. */
  readonly failures: ReadonlyMap<number, Error>;
}

type Properties = Readonly<Record<string, unknown>>;

/** Reads a batch: a row fails of which a value would not arrive as it is, or no column takes it. */
export function readRows(reading: Reading, rows: readonly unknown[]): Batch {
  const { columns, needs } = reading;
  const failures = new Map<number, Error>();
  const open = columns.map(({ name }) => !needs(name));
  const isOpen = open.includes(true);
  let given = columns;
  const groups = new Groups(reading.isOrdered);
  const others = new UnknownProperties(columns.map(({ name }) => name), reading.unknown);
  rows.forEach((row, place) => {
    if (!isRow(row)) return void failures.set(place, notAnObject(row, columns[0]?.name, place));
    if (isOpen && !givesOnly(row, given, columns, open)) {
      given = columns.filter(({ name }, n) => !open[n] || gives(row, name));
    }
    let error = others.look(row, place);
    if (error === undefined && given.length === 0) {
      if (others.adds(row)) return; // It is read again once they are there.
      if (reading.mayBeEmpty !== true) error = withoutProperties(reading.table, place);
    }
    error ??= groups.add(given, row as Properties, place);
    if (error !== undefined) failures.set(place, error);
  });
  return { groups: groups.all, drift: others.counts, fresh: others.fresh, failures };
}

/** Whether a row gives just these columns, as the one before did: most rows do. */
function givesOnly(
  row: object,
  given: readonly Column[],
  columns: readonly Column[],
  open: readonly boolean[],
): boolean {
  let count = 0;
  for (let n = 0; n < columns.length; n++) {
    const column = columns[n]!;
    if (open[n] && !gives(row, column.name)) continue;
    if (given[count++] !== column) return false;
  }
  return count === given.length;
}

class Groups {
  readonly all: Group[] = [];
  readonly #isOrdered: boolean;
  readonly #byColumns = new Map<string, Group>();
  #last: Group | undefined;

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  /** Adds a row, or tells what is wrong with it. */
  add(columns: readonly Column[], row: Properties, place: number): Error | undefined {
    const cells: Cells = {};
    for (let n = 0; n < columns.length; n++) {
      const { name, kind } = columns[n]!;
      const value = row[name];
      const cell: Cell | typeof unfit = cellOf(kind, value);
      if (cell === unfit) return refusalOf(columns[n]!, value, place);
      cells[cellName(n)] = cell;
    }
    const group = this.#groupOf(columns);
    group.cells.push(cells);
    group.places.push(place);
    return undefined;
  }

  #groupOf(columns: readonly Column[]): Group {
    const last = this.#last;
    if (last !== undefined && areSame(last.columns, columns)) return last;
    const key = columns.map(({ number }) => number).join();
    const known = this.#isOrdered ? undefined : this.#byColumns.get(key);
    const group = known ?? { columns, cells: [], places: [] };
    if (known === undefined) this.all.push(group);
    this.#byColumns.set(key, group);
    return this.#last = group;
  }
}

function areSame(some: readonly Column[], others: readonly Column[]): boolean {
  return some === others ||
    some.length === others.length && some.every((column, n) => column === others[n]);
}

function refusalOf({ name, kind }: Column, value: unknown, place: number): Error {
  return unfitValue(value, name, `${kind.expected}, or null for no value`, place);
}

const otherLength = 24; // About what a number takes, with its name.

/** How much text the cell of a row makes, about. */
function lengthOf(cell: Cell | undefined): number {
  if (typeof cell === "string") return cell.length;
  if (typeof cell !== "object" || cell === null) return otherLength;
  if (cell instanceof Uint8Array) return cell.length;
  return (cell as Cell[]).reduce<number>((sum, item) => sum + lengthOf(item), otherLength);
}

/** Cuts a group into parts whose text is no longer than that, unless a row alone is longer. */
export function partsOf(group: Group, maxLength: number): Group[] {
  const parts: Group[] = [];
  let [start, length] = [0, 0];
  const { columns, cells, places } = group;
  const end = (at: number) =>
    parts.push({ columns, cells: cells.slice(start, at), places: places.slice(start, at) });
  cells.forEach((row, n) => {
    const own = columns.reduce((sum, _, n) => sum + lengthOf(row[cellName(n)]), 0);
    if (length + own > maxLength && n > start) {
      end(n);
      [start, length] = [n, 0];
    }
    length += own;
  });
  if (start === 0) return [group];
  end(cells.length);
  return parts;
}
