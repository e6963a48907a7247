import { checkOptions, type Complete, fail, oneOf, type OptionTable } from "../../options.ts";
import { foldCase, name, names } from "./names.ts";

/** Where the rows go, and what happens to one that is there already. */
export interface SqliteSinkOptions {
  /** The table, which has to exist at the first load. One name: `"a.b"` is a table with a dot. */
  readonly table: string;
  /**
   * The columns to fill, which are also the properties of the rows.
   *
   * @default {all columns of the table that it does not generate}
   */
  readonly columns?: readonly string[] | undefined;
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
  readonly key?: readonly string[] | undefined;
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
export type SqliteSinkSettings = Complete<SqliteSinkOptions, "columns" | "key">;

const table: OptionTable<SqliteSinkOptions> = {
  table: [name],
  columns: [names],
  conflict: [oneOf("error", "ignore", "replace"), "error"],
  key: [names],
  unknown: [oneOf("error", "drop"), "error"],
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions(options: SqliteSinkOptions): SqliteSinkSettings {
  const action = "construct sqliteSink";
  const settings = checkOptions<SqliteSinkOptions, "columns" | "key">(action, options, table);
  const { columns, conflict, key } = settings;
  if (settings.table === undefined) fail(action, "table", name.expected, undefined);
  if (key !== undefined && conflict === "error") {
    fail(action, "key", `left out where 'conflict' is "error"`, key);
  }
  if (key !== undefined && columns !== undefined) checkKey(action, columns, key);
  // Whoever gave them may go on.
  return { ...settings, columns: columns && [...columns], key: key && [...key] };
}

/** @throws {ConfigurationError} If a column of the key gets no value, so that no row is found by it. */
export function checkKey(action: string, columns: readonly string[], key: readonly string[]): void {
  const filled = columns.map(foldCase);
  const missing = key.find((column) => !filled.includes(foldCase(column)));
  if (missing !== undefined) fail(action, "key", "some of 'columns'", missing);
}
