import { checkOptions, type Complete, type OptionTable } from "../../options.ts";
import { checkTableOptions, conflictOption, unknownOption } from "../../sql/sink-options.ts";
import { foldCase, name, names } from "./names.ts";

/** Where the rows go, and what happens to one that is there already. */
export interface DuckdbSinkOptions<Columns extends readonly string[] = readonly string[]> {
  /** The table, which has to exist at the first load. One name: `"a.b"` is a table with a dot. */
  readonly table: string;
  /**
   * The columns to fill, which are also the properties of the rows: each row has all of them, and
   * one that lacks a column does not compile. Left out, a row fills the columns that it has a
   * property for, and the table its own value into the others, such as their default; columns of
   * the `key` have to be there.
   *
   * @default {all columns of the table that it does not generate}
   */
  readonly columns?: Columns | undefined;
  /**
   * What happens to a row whose key is there already: `"error"` fails the load, `"ignore"` keeps the
   * row that is there, `"replace"` updates it. Of several in one batch `"replace"` keeps the last.
   *
   * @default {"error"}
   */
  readonly conflict?: "error" | "ignore" | "replace" | undefined;
  /**
   * With `"replace"` and `"ignore"`: the columns that tell rows apart, some of `columns`. The table
   * needs a primary key or a unique index on exactly these.
   *
   * @default {the primary key of the table} with `"ignore"` every unique index of the table
   */
  readonly key?: readonly Columns[number][] | undefined;
  /**
   * What happens to a row with a property that is none of the columns: `"error"` refuses the row,
   * `"drop"` leaves the property out and counts it by name in `report.drift`. One that is `undefined`
   * is no property.
   *
   * @default {"error"}
   */
  readonly unknown?: "error" | "drop" | undefined;
}

/** The options, checked. */
export type SinkSettings = Complete<DuckdbSinkOptions, "columns" | "key">;

const sinkOptions: OptionTable<DuckdbSinkOptions> = {
  table: [name],
  columns: [names],
  conflict: conflictOption,
  key: [names],
  unknown: unknownOption,
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions(action: string, options: DuckdbSinkOptions): SinkSettings {
  const settings = checkOptions<DuckdbSinkOptions, "columns" | "key">(action, options, sinkOptions);
  checkTableOptions(action, settings, name, foldCase);
  const { columns, key } = settings;
  // Whoever gave them may go on.
  return { ...settings, columns: columns && [...columns], key: key && [...key] };
}
