/**
 * A batch as it is sent: what its rows give to the columns, checked.
 * @module
 */
import { notAnObject, unfitValue, withoutProperties } from "../../sql/row-errors.ts";
import { gives, isRow, type Unknown, UnknownProperties } from "../../sql/rows.ts";
import { type Cell, cellOf, unfit } from "./values.ts";
import type { Column } from "./table/columns.ts";
import { cellName, type Cells } from "./insert.ts";

/** Table that rows are read for, and the rules for them. */
export interface Reading {
  /** The quoted name of the table. */
  readonly table: string;
  readonly columns: readonly Column[];
  /** Returns true for the columns that each row must give. It may omit the others. */
  readonly needs: (name: string) => boolean;
  /** Action on a property that no column accepts. */
  readonly unknown: Unknown;
  /** True if rows keep their order, whatever columns they give. */
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

/** Rows that give the same columns, as they were read. */
export interface ReadGroup extends Group {
  /** Approximate length of all of them as text. */
  length: number;
}

/** A batch that was checked. */
export interface Batch {
  readonly groups: readonly ReadGroup[];
  /** Rows that have a property which no column took, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Names for which columns are to be added. */
  readonly fresh: ReadonlySet<string>;
  /** Errors of the other rows, by their place. */
  readonly failures: ReadonlyMap<number, Error>;
}

type Properties = Readonly<Record<string, unknown>>;

/** Reads a batch. A row fails if a value would not be stored unchanged, or a property has no column. */
export function readRows(reading: Reading, rows: readonly unknown[]): Batch {
  const { columns } = reading;
  const failures = new Map<number, Error>();
  const groups = new Groups(reading.isOrdered);
  const given = new GivenValues(reading);
  const others = new UnknownProperties(columns.map(({ name }) => name), reading.unknown);
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place];
    if (!isRow(row)) {
      failures.set(place, notAnObject(row, columns[0]?.name, place));
      continue;
    }
    given.read(row as Properties);
    let error = others.look(row, place);
    if (error === undefined && given.columns.length === 0) {
      if (others.adds(row)) continue; // It is read again once they are there.
      if (reading.mayBeEmpty !== true) error = withoutProperties(reading.table, place);
    }
    error ??= groups.add(given, place);
    if (error !== undefined) failures.set(place, error);
  }
  return { groups: groups.all, drift: others.counts, fresh: others.fresh, failures };
}

/** A column that rows are asked for. */
interface Asked {
  readonly column: Column;
  readonly name: string;
  /** A row may leave it to the table. */
  readonly isOpen: boolean;
  /** All objects have something of this name. */
  readonly isCommon: boolean;
}

/** Values of the row that was read last: most rows give the columns of the one before. */
class GivenValues {
  /** The columns that it gives. */
  columns: readonly Column[];
  /** The value of each. */
  readonly values: unknown[] = [];
  readonly #all: readonly Asked[];
  #given: readonly Asked[];
  #left: readonly Asked[] = [];

  constructor({ columns, needs }: Reading) {
    this.columns = columns;
    this.#given = this.#all = columns.map((column): Asked => {
      const { name } = column;
      return { column, name, isOpen: !needs(name), isCommon: name in Object.prototype };
    });
  }

  read(row: Properties): void {
    const [given, left] = [this.#given, this.#left];
    for (let n = 0; n < given.length; n++) {
      const { name, isOpen, isCommon } = given[n]!;
      const value = row[name];
      if (isOpen && (value === undefined || isCommon) && !gives(row, name)) return this.#turn(row);
      this.values[n] = value;
    }
    for (let n = 0; n < left.length; n++) if (gives(row, left[n]!.name)) return this.#turn(row);
  }

  #turn(row: Properties): void {
    const isGiven = ({ name, isOpen }: Asked) => !isOpen || gives(row, name);
    this.#given = this.#all.filter(isGiven);
    this.#left = this.#all.filter((asked) => !isGiven(asked));
    this.columns = this.#given.map(({ column }) => column);
    this.#given.forEach(({ name }, n) => (this.values[n] = row[name]));
  }
}

class Groups {
  readonly all: ReadGroup[] = [];
  readonly #isOrdered: boolean;
  readonly #byColumns = new Map<string, ReadGroup>();
  #last: ReadGroup | undefined;

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  /** Adds a row, or returns its error. */
  add({ columns, values }: GivenValues, place: number): Error | undefined {
    const cells: Cells = {};
    let length = 0;
    for (let n = 0; n < columns.length; n++) {
      const cell: Cell | typeof unfit = cellOf(columns[n]!.kind, values[n]);
      if (cell === unfit) return refusalOf(columns[n]!, values[n], place);
      cells[cellName(n)] = cell;
      length += lengthOf(cell);
    }
    const group = this.#groupOf(columns);
    group.cells.push(cells);
    group.places.push(place);
    group.length += length;
    return undefined;
  }

  #groupOf(columns: readonly Column[]): ReadGroup {
    const last = this.#last;
    if (last !== undefined && areSame(last.columns, columns)) return last;
    const key = columns.map(({ number }) => number).join();
    const known = this.#isOrdered ? undefined : this.#byColumns.get(key);
    const group = known ?? { columns, cells: [], places: [], length: 0 };
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

/** Returns the approximate length of a cell as text. */
function lengthOf(cell: Cell | undefined): number {
  if (typeof cell === "string") return cell.length;
  if (typeof cell !== "object" || cell === null) return otherLength;
  if (cell instanceof Uint8Array) return cell.length;
  return (cell as Cell[]).reduce<number>((sum, item) => sum + lengthOf(item), otherLength);
}

/** Cuts a group into parts whose text is no longer than that, unless a row alone is longer. */
export function partsOf(group: ReadGroup, maxLength: number): Group[] {
  if (group.length <= maxLength) return [group];
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
  end(cells.length);
  return parts;
}
