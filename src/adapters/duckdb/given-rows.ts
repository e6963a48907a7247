/**
 * Values of rows in a statement, which are given as JSON: an array of texts for each of them.
 * @module
 */
import { quoteName } from "../../sql/names.ts";
import type { Column } from "./rows.ts";

/** The texts of values of a row. */
export type Texts = readonly (string | null)[];

/** Values of columns of some rows. */
export interface Values {
  readonly columns: readonly Column[];
  readonly rows: readonly Texts[];
  /** Places in the batch of the items that the rows came with. */
  readonly items: readonly number[];
}

/** Texts as `cells`, and which of the rows they are, from 1, as `place`. */
export function cellsOf(parameter: string): string {
  return `from (select unnest(given) as cells, generate_subscripts(given, 1) as place
    from (select from_json(${parameter}, '[["VARCHAR"]]') as given))`;
}

/** A text as a value of its column. */
export function valueSql({ kind, type }: Column, n: number): string {
  return `(${kind.sql(`cells[${n + 1}]`, type)})::${type}`;
}

/** Values that a statement is given. */
export class Given {
  /** Values that are bound as `$1`, `$2` and so on. */
  readonly values: string[] = [];

  /** Rows as a table: their values are `c0`, `c1` …, and there are `item` and `place`. */
  rows({ columns, rows, items }: Values): string {
    this.values.push(JSON.stringify(rows.map((row, n) => [...row, `${items[n]}`])));
    const values = columns.map((column, n) => `${valueSql(column, n)} as c${n}`);
    const item = `cells[${columns.length + 1}]::integer as item`;
    return `(select ${[...values, item].join(", ")}, place ${cellsOf(`$${this.values.length}`)})`;
  }
}

/** That columns of a table have the values of a row. */
export function hasValues(alias: string, columns: readonly string[], row: string): string {
  return columns.map((name, n) => `${alias}.${quoteName(name)} = ${row}.c${n}`).join(" and ");
}
