/**
 * Values in a statement, bound.
 * @module
 */
import {
  cellName,
  type Cells,
  inputAt,
  rowsParams,
  rowsSource,
  type SentColumn,
} from "../insert.ts";
import { quoteName } from "../../../sql/names.ts";
import type { Column } from "../table/columns.ts";
import type { UniqueIndex } from "../table/unique-indexes.ts";
import type { Values } from "./step.ts";

/** The place in the batch, beside the values. */
const placeColumn: SentColumn = { type: "integer", kind: { via: "json" } };

/** Parameters of a statement, and the SQL that reads them. */
export class Bound {
  readonly params: unknown[] = [];
  readonly #json: string;

  constructor(json: string) {
    this.#json = json;
  }

  /** Rows with their values as `c0`, `c1` and so on, then the place in the batch. */
  rows({ columns, cells, places }: Values): string {
    const last = cellName(columns.length);
    const all = cells.map((row, n): Cells => ({ ...row, [last]: places[n]! }));
    return this.#source([...columns, placeColumn], all, "");
  }

  /** Rows with their values, and `place`: which of them it is, from 1. */
  numbered({ columns, cells }: Values): string {
    return this.#source(columns, cells, ", place");
  }

  #source(columns: readonly SentColumn[], cells: readonly Cells[], place: string): string {
    const input = inputAt({ json: this.#json }, this.params.length + 1);
    this.params.push(...rowsParams(columns, cells));
    return rowsSource(columns, input, place);
  }
}

/** That columns of a table have the values of a row. */
export function hasValues(
  alias: string,
  columns: readonly Column[],
  row: string,
  index?: UniqueIndex,
): string {
  return columns.map(({ name, ownType }, n) => {
    const value = `${row}.${cellName(n)}${ownType === undefined ? "" : `::${ownType}`}`;
    const { collate, equal } = index?.columns.find((column) => column.name === name) ??
      { collate: "", equal: "=" };
    return `${alias}.${quoteName(name)}${collate} ${equal} ${value}${collate}`;
  }).join(" and ");
}
