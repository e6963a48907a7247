/**
 * Splits rows of several tables: the rows of each table, and the row of the parent that each belongs to.
 * @module
 */
import type { LinkedTable } from "./linked-tables.ts";
import { rowError } from "./row-errors.ts";
import { isRow } from "./rows.ts";
import { tombstoneKey } from "./tombstone.ts";

type Properties = Readonly<Record<string, unknown>>;

/** Rows of a batch for one table. */
export interface TableRows {
  /** Its rows, in order. Columns of `on` are filled if the row of the parent has their values. */
  readonly rows: Properties[];
  /** The place in the batch that each row came from, ascending. */
  readonly places: number[];
  /**
   * The parent row of each row, by its place in the `rows` of that table, if the database still has to
   * generate the value of a column of `on` there; otherwise `-1`.
   */
  readonly parents: number[];
}

/** Keys of one table that are to be deleted. */
export interface TableKeys {
  readonly keys: Properties[];
  /** The place in the batch of each key. */
  readonly places: number[];
}

/** Writes that are done together: first the deletes, children before parents, then the rows. */
export interface TreeStep {
  /** Keys by the place of the table; `undefined` if there are none. */
  readonly deletes: (TableKeys | undefined)[];
  readonly tables: TableRows[];
}

/** A batch, split by table. */
export interface TreeRows {
  readonly steps: readonly TreeStep[];
  /** Errors of the other rows, by their place in the batch. */
  readonly failures: Map<number, Error>;
}

/**
 * Splits the rows of a batch by table. A new step begins only if a delete follows a written row, so the
 * steps in order have the same effect as the rows in order.
 */
export function takeApart(tables: readonly LinkedTable[], batch: readonly unknown[]): TreeRows {
  const byName = new Map(tables.map(({ name }, place) => [name, place]));
  const steps: TreeStep[] = [];
  const failures = new Map<number, Error>();
  let step: TreeStep | undefined;
  let hasRows = false;
  batch.forEach((tree, place) => {
    const parts = partsOf(tables, byName, tree, place);
    if (parts instanceof Error) return void failures.set(place, parts);
    const hasDeletes = parts.deletes.length > 0;
    if (step === undefined || hasDeletes && hasRows) {
      step = { deletes: tables.map(() => undefined), tables: tables.map(noRows) };
      steps.push(step);
      hasRows = false;
    }
    for (const [table, key] of parts.deletes) {
      const keys = step.deletes[table] ??= { keys: [], places: [] };
      keys.keys.push(key);
      keys.places.push(place);
    }
    const error = add(step, tables, parts.rows, place);
    if (error !== undefined) failures.set(place, error);
    hasRows ||= parts.rows.some((rows) => rows.length > 0);
  });
  return { steps, failures };
}

const noRows = (): TableRows => ({ rows: [], places: [], parents: [] });

/** Parts of one row of a batch, by table. */
interface Parts {
  readonly deletes: (readonly [table: number, key: Properties])[];
  readonly rows: (readonly Properties[])[];
}

function partsOf(
  tables: readonly LinkedTable[],
  byName: ReadonlyMap<string, number>,
  tree: unknown,
  place: number,
): Parts | Error {
  const names = () => tables.map(({ name }) => JSON.stringify(name)).join(", ");
  if (!isRow(tree)) return rowError(`it must be an object with rows by table (${names()})`, place);
  const deletes: [number, Properties][] = [];
  const rows: (readonly Properties[])[] = tables.map(() => none);
  for (const name of Object.keys(tree)) {
    const given = (tree as Properties)[name];
    if (given === undefined) continue;
    const table = byName.get(name);
    if (table === undefined) {
      return rowError(`${JSON.stringify(name)} is none of the tables ${names()}`, place);
    }
    const all = Array.isArray(given) ? given as readonly Properties[] : [given as Properties];
    let hasKeys = false;
    for (const row of all) {
      const key = tombstoneKey(row);
      if (key !== undefined) hasKeys = deletes.push([table, key]) > 0;
      else if (!isRow(row)) {
        const rule = "must get an object, or an array of objects";
        return rowError(`table ${JSON.stringify(name)} ${rule}`, place);
      }
    }
    rows[table] = hasKeys ? all.filter((row) => tombstoneKey(row) === undefined) : all;
  }
  return { deletes, rows };
}

const none: readonly Properties[] = [];

/** Adds all rows of one tree to a step, or none if one of them is wrong. */
function add(
  step: TreeStep,
  tables: readonly LinkedTable[],
  given: readonly (readonly Properties[])[],
  place: number,
): Error | undefined {
  const starts = step.tables.map(({ rows }) => rows.length);
  for (let n = 0; n < tables.length; n++) {
    const reason = given[n]!.length === 0 ? undefined : link(step, tables, { given, starts }, n);
    if (reason === undefined) {
      const { rows, places } = step.tables[n]!;
      while (places.length < rows.length) places.push(place);
      continue;
    }
    step.tables.forEach(({ rows, places, parents }, table) => {
      rows.length = places.length = parents.length = starts[table]!;
    });
    return rowError(reason, place);
  }
  return undefined;
}

interface Tree {
  /** Its rows by table. */
  readonly given: readonly (readonly Properties[])[];
  /** Positions at which they begin among those of the step. */
  readonly starts: readonly number[];
}

/**
 * Adds the rows of a table with the values of their parents, or returns a message about a missing value.
 */
function link(
  step: TreeStep,
  tables: readonly LinkedTable[],
  { given, starts }: Tree,
  n: number,
): string | undefined {
  const { name, parent } = tables[n]!;
  const { rows, parents } = step.tables[n]!;
  if (parent === undefined) {
    for (const row of given[n]!) {
      rows.push(row);
      parents.push(-1);
    }
    return undefined;
  }
  const { place, on } = parent;
  const above = given[place]!;
  for (const row of given[n]!) {
    const owner = ownerOf(row, on, above);
    if (owner === undefined) { // It has all values itself.
      rows.push(row);
      parents.push(-1);
      continue;
    }
    if (owner === -1) {
      return `a row of ${JSON.stringify(name)} must have a value for ` +
        `${on.map(([column]) => JSON.stringify(column)).join(", ")}, or the row of ` +
        `${JSON.stringify(tables[place]!.name)} itself as that value, where it comes with ` +
        `${above.length} rows of that table`;
    }
    const at = starts[place]! + owner;
    const values: Record<string, unknown> = { ...row };
    let isOpen = false;
    for (const [column, other] of on) {
      if (row[column] !== undefined && row[column] !== above[owner]) continue;
      const value = step.tables[place]!.rows[at]![other];
      if (value === undefined) {
        delete values[column];
        isOpen = true;
      } else values[column] = value;
    }
    rows.push(values);
    parents.push(isOpen ? at : -1);
  }
  return undefined;
}

/**
 * Returns the parent row that has the missing value; `-1` if it is ambiguous, `undefined` if nothing is
 * missing.
 */
function ownerOf(
  row: Properties,
  on: readonly (readonly [string, string])[],
  above: readonly Properties[],
): number | undefined {
  let lacks = false;
  for (const [column] of on) {
    const value = row[column];
    if (value === undefined) lacks = true;
    else if (typeof value === "object" && value !== null) {
      const owner = above.indexOf(value as Properties);
      if (owner !== -1) return owner;
    }
  }
  if (!lacks) return undefined;
  return above.length === 1 ? 0 : -1;
}
