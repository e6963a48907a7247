import { checkOptions, type Complete, type OptionTable } from "../../options.ts";
import { checkTableOptions, conflictOption, growingOption } from "../../sql/sink-options.ts";
import { foldCase, name, names } from "./names.ts";

/** Options of a sink of one table: the target of rows, and the action on existing ones. */
export interface DuckdbSinkOptions<Columns extends readonly string[] = readonly string[]> {
  /** The table, which must exist at the first load. One name: `"a.b"` is a table with a dot in its name. */
  readonly table: string;
  /** Several tables, instead of one. */
  readonly tables?: undefined;
  /** A function that writes the rows, instead of a table. */
  readonly write?: undefined;
  /**
   * The columns to fill, which are also the properties of the rows. Each row must have all of them; a row
   * type that lacks one does not compile. By default, a row fills the columns for which it has a
   * property, and the table fills the others, for example with their default. The columns of the `key`
   * are always required.
   *
   * @default {all columns of the table that it does not generate}
   */
  readonly columns?: Columns | undefined;
  /**
   * Action on a row whose key already exists: `"error"` fails the load, `"ignore"` keeps the existing
   * row, `"replace"` updates it. If a batch has several rows of one key, `"replace"` keeps the last.
   *
   * @default {"error"}
   */
  readonly conflict?: "error" | "ignore" | "replace" | undefined;
  /**
   * With `"replace"` and `"ignore"`: the columns that identify a row, a subset of `columns`. The table
   * needs a primary key or a unique index on exactly these columns.
   *
   * @default {the primary key of the table} with `"ignore"` every unique index of the table
   */
  readonly key?: readonly Columns[number][] | undefined;
  /**
   * Action on a row with a property that is not one of the columns: `"error"` rejects the row, `"drop"`
   * omits the property and counts it by name in `report.drift`. A property that is `undefined` does not
   * count. `"add"` adds a column for it, in the transaction of the batch, and also counts it; later rows
   * may omit it, even with `columns`. Its type follows the values of the batch: `bigint` or `double`,
   * `boolean`, `varchar`, `timestamptz` (`Date`), `hugeint` (bigint), `blob`, and `json` for other
   * objects. If the values are of several kinds, the first one decides, and rows of another kind are
   * rejected. A property that is only `null` gets no column yet.
   *
   * @default {"error"}
   */
  readonly unknown?: "error" | "drop" | "add" | undefined;
}

/** Options that define the target of rows in another way. */
type Others = "tables" | "write";
type OneTable = Omit<DuckdbSinkOptions, Others>;

/** The options, checked. */
export type SinkSettings = Complete<OneTable, "columns" | "key">;

const sinkOptions: OptionTable<OneTable> = {
  table: [name],
  columns: [names],
  conflict: conflictOption,
  key: [names],
  unknown: growingOption,
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions(action: string, options: OneTable): SinkSettings {
  const settings = checkOptions<OneTable, "columns" | "key">(action, options, sinkOptions);
  checkTableOptions(action, settings, name, foldCase);
  const { columns, key } = settings;
  // Whoever gave them may go on.
  return { ...settings, columns: columns && [...columns], key: key && [...key] };
}
