/**
 * A checked batch in the form in which it is written: the values of its rows by column.
 * @module
 */
import { notAnObject, unfitValue, withoutProperties } from "../row-errors.ts";
import { gives, isRow, type Unknown, UnknownProperties } from "../rows.ts";
import type { SqliteValue } from "./values.ts";
import { expectedOf, isStorable } from "./values.ts";

/** Table that rows are read for, and the rules for them. */
export interface Reading {
  /** The name of the table. */
  readonly table: string;
  readonly columns: readonly string[];
  /** Returns true for the columns that each row must give. It may omit the others. */
  readonly needs: (name: string) => boolean;
  /** Action on a property that no column accepts. */
  readonly unknown: Unknown;
  /** True if rows keep their order, whatever columns they give. */
  readonly isOrdered: boolean;
}

/** Rows that give the same columns. */
export interface Group {
  readonly columns: readonly string[];
  /** The values of all rows, one after the other, ready to be bound. */
  readonly values: SqliteValue[];
}

/** A batch that was checked. */
export interface Batch {
  readonly groups: readonly Group[];
  /** Number of rows with a property that has no column, by its name. */
  readonly drift: Readonly<Record<string, number>>;
  /** Names for which columns are to be added. */
  readonly fresh: ReadonlySet<string>;
  /** Errors of the other rows, by place. */
  readonly failures: ReadonlyMap<number, Error>;
}

/** Reads a batch. A row fails if a value cannot be stored unchanged, or a property has no column. */
export function readRows(reading: Reading, rows: readonly object[]): Batch {
  const { columns, needs, unknown } = reading;
  const values = new Array<SqliteValue>(rows.length * columns.length);
  const failures = new Map<number, Error>();
  let isWhole = true;
  columns.forEach((column, n) => { // One after the other: engines then find it faster.
    let next = n;
    for (let place = 0; place < rows.length; place++, next += columns.length) {
      const row = rows[place] as Readonly<Record<string, unknown>> | null;
      const value = row?.[column];
      if (isStorable(value)) values[next] = value;
      else if (isRow(row) && !needs(column) && !gives(row, column)) isWhole = false;
      else if (!failures.has(place)) failures.set(place, refusalOf(row, column, value, place));
    }
  });
  const others = new UnknownProperties(columns, unknown);
  rows.forEach((row, place) => {
    const error = failures.has(place) ? undefined : others.look(row, place);
    if (error !== undefined) failures.set(place, error);
  });
  const isLater = (place: number) => others.adds(rows[place]!);
  const groups = isWhole ? [{ columns, values }] : groupsOf(reading, values, failures, isLater);
  return { groups, drift: others.counts, fresh: others.fresh, failures };
}

function refusalOf(row: unknown, column: string, value: unknown, place: number): Error {
  if (!isRow(row)) return notAnObject(row, column, place);
  return unfitValue(value, column, expectedOf(value), place);
}

/** Groups rows by the columns that they give; omitted columns have no value. */
function groupsOf(
  { table, columns, isOrdered }: Reading,
  values: readonly (SqliteValue | undefined)[],
  failures: Map<number, Error>,
  isLater: (place: number) => boolean,
): Group[] {
  const groups: Group[] = [];
  const width = columns.length;
  let byColumns = new Map<string, Group>();
  for (let place = 0; place * width < values.length; place++) {
    if (failures.has(place)) continue;
    const start = place * width;
    const given = columns.flatMap((_, n) => values[start + n] === undefined ? [] : [n]);
    if (given.length === 0) {
      if (isLater(place)) continue; // It is read again once its columns are there.
      failures.set(place, withoutProperties(JSON.stringify(table), place));
      continue;
    }
    const id = given.join();
    let group = byColumns.get(id);
    if (group === undefined) {
      group = { columns: given.map((n) => columns[n]!), values: [] };
      groups.push(group);
      if (isOrdered) byColumns = new Map(); // Only the last one may take more.
      byColumns.set(id, group);
    }
    for (const n of given) group.values.push(values[start + n]!);
  }
  return groups;
}
