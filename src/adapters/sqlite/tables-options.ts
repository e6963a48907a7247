import type { ParentLink } from "../../sql/linked-tables.ts";
import { checkTableSet, type TablesSettings } from "../../sql/tables-options.ts";
import type { LinksAmong } from "../../sql/typed-rows.ts";
import { foldCase, name, names } from "./names.ts";
import type { SqliteSinkOptions } from "./sink-options.ts";

/** One of the tables of a sink: the options that a sink of one table has, and its place among them. */
export interface SqliteTableOptions
  extends Pick<SqliteSinkOptions, "columns" | "conflict" | "key" | "unknown"> {
  /**
   * What its rows belong to: a table that is declared before, and columns of this one, each with the
   * column of the parent that it has the value of. A row may leave them out where it comes with
   * exactly one row of the parent, also where the database makes the value.
   */
  readonly parent?: ParentLink | undefined;
  /**
   * What becomes of rows of a loaded parent that were not given again: `"delete"` removes them and
   * what belongs to them, also where none was given. Needs a `parent` and `conflict: "replace"`. A
   * table that has no primary key and gets no `key` has all rows of the parent replaced.
   *
   * @default {they stay}
   */
  readonly missing?: "delete" | undefined;
}

/** Tables by their names in the database, parents first. */
export type SqliteTables = Readonly<Record<string, SqliteTableOptions>>;

/** A sink of several tables that are written in one commit. */
export interface SqliteTablesOptions<Tables extends SqliteTables = SqliteTables> {
  /** The tables, which have to exist at the first load; they are written in this order. */
  readonly tables: Tables & LinksAmong<Tables>;
  /** One table, in place of several. */
  readonly table?: undefined;
  /** A function that writes the rows, in place of tables. */
  readonly write?: undefined;
  /**
   * The `conflict` of each table that has none of its own.
   * @default {"error"}
   */
  readonly conflict?: "error" | "ignore" | "replace" | undefined;
  /**
   * The `unknown` of each table that has none of its own. What was left out, or got a column, is
   * counted in `report.drift` by table and property: `"user.nick"`.
   * @default {"error"}
   */
  readonly unknown?: "error" | "drop" | "add" | undefined;
}

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkTablesOptions(
  action: string,
  options: Omit<SqliteTablesOptions, "table" | "write">,
): TablesSettings {
  return checkTableSet(action, options, { name, names, fold: foldCase });
}
