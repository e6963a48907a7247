import type { LinkOptions } from "../../sql/linked-tables.ts";
import { checkTableSet, type TablesSettings } from "../../sql/tables-options.ts";
import type { LinksAmong } from "../../sql/typed-rows.ts";
import { foldCase, name, names } from "../../sql/sqlite/names.ts";
import type { SqliteSinkOptions } from "./sink-options.ts";

/** One of the tables of a sink: the options that a sink of one table has, and its place among them. */
export interface SqliteTableOptions
  extends Pick<SqliteSinkOptions, "columns" | "conflict" | "key" | "unknown">, LinkOptions {}

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
