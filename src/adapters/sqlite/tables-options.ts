import { checkOptions, type Complete, fail, type OptionTable } from "../../options.ts";
import {
  type LinkedTable,
  linkedTables,
  missingOption,
  type ParentLink,
  parentLink,
  tablesObject,
} from "../../sql/linked-tables.ts";
import { checkTableOptions, conflictOption, growingOption } from "../../sql/sink-options.ts";
import type { LinksAmong } from "../../sql/typed-rows.ts";
import { foldCase, name, names } from "./names.ts";
import type { SinkSettings, SqliteSinkOptions } from "./sink-options.ts";

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

/** The options of one table, checked. */
export type TableSettings = SinkSettings & Pick<SqliteTableOptions, "missing">;

/** The tables, checked. */
export interface TablesSettings {
  readonly linked: readonly LinkedTable[];
  readonly tables: readonly TableSettings[];
}

const shared = { conflict: conflictOption, unknown: growingOption } as const;
const tablesOptions: OptionTable<Omit<SqliteTablesOptions, "table" | "write">> = {
  tables: [tablesObject],
  ...shared,
};
const tableOptions: OptionTable<SqliteTableOptions> = {
  columns: [names],
  ...shared,
  key: [names],
  parent: [parentLink],
  missing: [missingOption],
};

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkTablesOptions(
  action: string,
  options: Omit<SqliteTablesOptions, "table" | "write">,
): TablesSettings {
  const { tables, conflict, unknown } = checkOptions(action, options, tablesOptions);
  const settings: [string, TableSettings & SqliteTableOptions][] = Object.entries(tables).map(
    ([table, own]) => [table, checkTable(action, table, own, { conflict, unknown })],
  );
  const folded = settings.map(([table]) => foldCase(table));
  const twice = settings.find((_, place) => folded.indexOf(folded[place]!) !== place);
  if (twice !== undefined) fail(action, "tables", "an object that has each table once", twice[0]);
  return {
    linked: linkedTables(action, Object.fromEntries(settings), foldCase),
    tables: settings.map(([, own]) => own),
  };
}

type Shared = Pick<SinkSettings, "conflict" | "unknown">;

function checkTable(
  action: string,
  table: string,
  options: SqliteTableOptions,
  defaults: Shared,
): TableSettings & SqliteTableOptions {
  const path = `tables.${table}.`;
  const prefixed = (given: object) =>
    Object.fromEntries(Object.entries(given).map(([key, value]) => [path + key, value]));
  if (!name.test(table)) fail(action, "tables", `an object by names: ${name.expected}`, table);
  const checked = checkOptions(
    action,
    prefixed(options) as Record<string, unknown>,
    prefixed(tableOptions) as OptionTable<Record<string, unknown>>,
    prefixed(defaults),
  );
  const own = Object.fromEntries(
    Object.entries(checked).map(([key, value]) => [key.slice(path.length), value]),
  ) as Complete<SqliteTableOptions, "columns" | "key" | "parent" | "missing">;
  const settings = { ...own, table, columns: own.columns, key: own.key };
  checkTableOptions(`${action} with table ${JSON.stringify(table)}`, settings, name, foldCase);
  return { ...settings, columns: own.columns && [...own.columns], key: own.key && [...own.key] };
}
