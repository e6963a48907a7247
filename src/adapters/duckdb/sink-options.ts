import { checkOptions, type Complete, type OptionTable } from "../../options.ts";
import { checkTableOptions, conflictOption, growingOption } from "../../sql/sink-options.ts";
import { foldCase, name, names } from "./names.ts";

/** A sink of one table: where the rows go, and what happens to one that is there already. */
export interface DuckdbSinkOptions<Columns extends readonly string[] = readonly string[]> {
  /** The table, which has to exist at the first load. One name: `"a.b"` is a table with a dot. */
  readonly table: string;
  /** Several tables, in place of one. */
  readonly tables?: undefined;
  /** A function that writes the rows, in place of a table. */
  readonly write?: undefined;
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
   * Action on a row whose key is there already: `"error"` fails the load, `"ignore"` keeps the
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

/** Options that say in another way where rows go. */
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
