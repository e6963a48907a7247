import type { LinkOptions } from "../../sql/linked-tables.ts";
import { checkTableSet, type TablesSettings } from "../../sql/tables-options.ts";
import type { LinksAmong } from "../../sql/typed-rows.ts";
import { foldCase, name, names } from "../../sql/sqlite/names.ts";
import type { SqliteSinkOptions } from "./sink-options.ts";

/** Options of one of the tables of a sink: those of a sink of one table, and the link to its parent. */
export interface SqliteTableOptions
  extends Pick<SqliteSinkOptions, "columns" | "conflict" | "key" | "unknown">, LinkOptions {}

/** Tables by their names in the database, parents first. */
export type SqliteTables = Readonly<Record<string, SqliteTableOptions>>;

/** Options of a sink of several tables that are written in one commit. */
export interface SqliteTablesOptions<Tables extends SqliteTables = SqliteTables> {
  /** The tables, which must exist at the first load. They are written in this order. */
  readonly tables: Tables & LinksAmong<Tables>;
  /** One table, instead of several. */
  readonly table?: undefined;
  /** A function that writes the rows, instead of tables. */
  readonly write?: undefined;
  /**
   * The default `conflict` of each table.
   * @default {"error"}
   */
  readonly conflict?: "error" | "ignore" | "replace" | undefined;
  /**
   * The default `unknown` of each table. Properties that were dropped or got a column are counted in
   * `report.drift` by table and property: `"user.nick"`.
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
