/**
 * Types that decide which rows compile, by the tables of a sink. They have no effect at run time.
 * @module
 */
import type { Tombstone } from "./tombstone.ts";

/** The rows of a table: all objects with these columns, including those with others, and tombstones. */
export interface RowWith<Column extends string> {
  /** The columns; only in types. */
  readonly "millrace:row": Column;
}

/**
 * The rows of several tables: for each table a row, rows or tombstones. `Columns` are the required
 * columns of a row by table; `never` if it may be any object.
 */
export interface RowsByTable<Columns> {
  /** The columns by table; only in types. */
  readonly "millrace:tables": Columns;
}

/**
 * The rows of a sink, derived from its option `columns` or `tables`: any objects, if the columns are not
 * known before the run. Rows of a table may omit the columns in `on` of its `parent`.
 */
export type RowsOf<Option> = Option extends readonly string[]
  ? number extends Option["length"] ? object : RowWith<Option[number]>
  : RowsByTable<
    {
      -readonly [Name in keyof Option]: Option[Name] extends
        { readonly columns: infer Columns extends readonly string[] }
        ? number extends Columns["length"] ? never
        : Option[Name] extends { readonly parent: { readonly on: infer On } }
          ? Exclude<Columns[number], keyof On>
        : Columns[number]
        : never;
    }
  >;

/** Rule for the option `tables`, as far as names are known: each parent is another table. */
export type LinksAmong<Tables> = {
  readonly [Name in keyof Tables]: Tables[Name] extends
    { readonly parent: { readonly table: infer Parent } }
    ? string extends Parent | keyof Tables ? unknown
    : { readonly parent: { readonly table: Exclude<keyof Tables, Name> } }
    : unknown;
};

/**
 * Type that a row of the type `T` must have for a sink that accepts `Rows`. Objects for which only the
 * type of the values is known, such as `Record<string, unknown>`, are accepted; the run checks their
 * properties.
 */
export type Fitting<T, Rows> = Rows extends RowWith<string> | RowsByTable<unknown>
  ? string extends keyof Exclude<T, Tombstone>
    // deno-lint-ignore no-explicit-any -- Takes all objects and, unlike `object`, fits itself.
    ? { readonly [name: string]: any }
  : Rows extends RowWith<infer Column> ? { readonly [Name in Column]: unknown } | Tombstone
  : Rows extends RowsByTable<infer Columns> ?
      & object
      & {
        readonly [Name in keyof T]?: Name extends keyof Columns
          ? [Columns[Name]] extends [never] ? object | readonly object[] | undefined
          : T[Name] extends infer Given
            ? (Given extends readonly (infer Row)[]
              ? readonly Fitting<Row, RowWith<Columns[Name] & string>>[]
              : Given extends undefined ? undefined
              : Fitting<Given, RowWith<Columns[Name] & string>>)
          : never
          : undefined;
      }
  : never
  : Rows;
