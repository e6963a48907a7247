import type { Cell } from "../values.ts";
import type { Column } from "../table/columns.ts";
import { cellName, type Cells } from "../insert.ts";
import { keptName } from "../names.ts";
import type { Group } from "../rows.ts";

/** Rows of one table that give the same columns. */
export interface Part {
  readonly group: Group;
  /** The place of each among all rows that the table gets in the step. */
  readonly rows: readonly number[];
}

/** Parts of a step, by table. */
export type StepParts = readonly (readonly Part[])[];

/** Values of columns of some rows. */
export interface Values {
  readonly columns: readonly Column[];
  readonly cells: Cells[];
  /** The place in the batch of each. */
  readonly places: readonly number[];
}

/** Columns of a table by their names, as they are sent. */
export function columnsOf(
  { columns, every }: { readonly columns: readonly Column[]; readonly every: readonly Column[] },
  names: readonly string[],
): Column[] {
  return names.map((wanted) => {
    const isIt = ({ name }: Column) => keptName(name) === keptName(wanted);
    return columns.find(isIt) ?? every.find(isIt)!;
  });
}

/**
 * The values of columns in all rows of a table.
 * @param made Values by row, of columns that rows leave to the database.
 * @returns Nothing if a row has none.
 */
export function valuesOf(
  parts: readonly Part[],
  columns: readonly Column[],
  made?: ReadonlyMap<number, readonly Cell[]>,
): Values | undefined {
  const [cells, places]: [Cells[], number[]] = [[], []];
  for (const { group, rows } of parts) {
    const at = columns.map(({ number }) =>
      group.columns.findIndex((column) => column.number === number)
    );
    for (const [n, row] of rows.entries()) {
      const values: Cells = {};
      for (const [k, place] of at.entries()) {
        const cell = place === -1 ? made?.get(row)?.[k] : group.cells[n]![cellName(place)];
        if (cell === undefined) return undefined;
        values[cellName(k)] = cell;
      }
      cells.push(values);
      places.push(group.places[n]!);
    }
  }
  return { columns, cells, places };
}

/** Splits a group in two; returns nothing if all of it came with one row. */
export function halves(parts: StepParts): [StepParts, StepParts] | undefined {
  const places = placesOf(parts);
  if (places.length < 2) return undefined;
  const middle = places[places.length >> 1]!;
  const half = (isIn: (place: number) => boolean) =>
    parts.map((all) =>
      all.map(({ group, rows }): Part => {
        const kept = group.places.flatMap((place, n) => isIn(place) ? [n] : []);
        return {
          rows: kept.map((n) => rows[n]!),
          group: {
            ...group,
            cells: kept.map((n) => group.cells[n]!),
            places: kept.map((n) => group.places[n]!),
          },
        };
      }).filter(({ rows }) => rows.length > 0)
    );
  return [half((place) => place < middle), half((place) => place >= middle)];
}

function placesOf(parts: StepParts): number[] {
  const places = parts.flatMap((all) => all.flatMap(({ group }) => group.places));
  return [...new Set(places)].sort((one, other) => one - other);
}
