import {
  checkOptions,
  type Complete,
  type OptionTable,
  positiveIntegerOrInfinity,
  type Rule,
} from "../../options.ts";
import type { LinkOptions } from "../../sql/linked-tables.ts";
import { checkTableOptions, conflictOption, growingOption } from "../../sql/sink-options.ts";
import { foldCase, name, names } from "../../sql/sqlite/names.ts";
import { checkTableSet, type TablesSettings } from "../../sql/tables-options.ts";
import type { LinksAmong } from "../../sql/typed-rows.ts";
import type { CloudflareDeliveryOptions } from "./deliveries.ts";

/** Options of every sink of a database of Cloudflare. */
export interface CloudflareSharedOptions extends CloudflareDeliveryOptions {
  /**
   * Maximum bytes of rows, as JSON, in one parameter of a statement: up to 2,000,000, the limit of D1 and
   * of the storage of an object. A larger batch is sent in several statements, still in one commit. A
   * single row that is larger fails.
   *
   * @default {1_900_000}
   */
  readonly maxBytes?: number | undefined;
}

/** Options of a sink of one table: the target of rows, and the action on existing ones. */
export interface CloudflareSinkOptions<Columns extends readonly string[] = readonly string[]>
  extends CloudflareSharedOptions {
  /** The table, which must exist at the first load. One name: `"a.b"` is a table with a dot in its name. */
  readonly table: string;
  /** Several tables, instead of one. */
  readonly tables?: undefined;
  /** A function that writes the rows, instead of a table. */
  readonly write?: undefined;
  /**
   * The columns to fill, which are also the properties of the rows. Each row must have all of them; a row
   * type that lacks one does not compile. By default, a row fills the columns for which it has a
   * property, and the table fills the others. The columns of the `key` are always required.
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
   * omits the property and counts it by name in `report.drift`, `"add"` adds a column without a type for
   * it, in the transaction of the batch, and also counts it.
   *
   * @default {"error"}
   */
  readonly unknown?: "error" | "drop" | "add" | undefined;
}

/** Options of one of the tables of a sink: those of a sink of one table, and the link to its parent. */
export interface CloudflareTableOptions
  extends Pick<CloudflareSinkOptions, "columns" | "conflict" | "key" | "unknown">, LinkOptions {}

/** Tables by their names in the database, parents first. */
export type CloudflareTables = Readonly<Record<string, CloudflareTableOptions>>;

/** Options of a sink of several tables that are written in one commit. */
export interface CloudflareTablesOptions<Tables extends CloudflareTables = CloudflareTables>
  extends CloudflareSharedOptions {
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

/** Options of every sink. */
type SharedOptions = CloudflareSharedOptions;

/** Options that define the target of rows in another way, or that every sink has. */
type Others = "tables" | "write" | keyof SharedOptions;

/** The options of one table, checked. */
export type SinkSettings = Omit<
  Complete<CloudflareSinkOptions, "columns" | "key" | Others>,
  Others
>;

const maxBytes: Rule = {
  expected: "an integer from 1000 to 2000000",
  test: (value) => Number.isInteger(value) && value as number >= 1000 && value as number <= 2e6,
};
const sharedOptions: OptionTable<SharedOptions> = {
  maxBytes: [maxBytes, 1_900_000],
  keepDeliveries: [positiveIntegerOrInfinity, 604_800_000],
};
const sinkOptions: OptionTable<Omit<CloudflareSinkOptions, Others>> = {
  table: [name],
  columns: [names],
  conflict: conflictOption,
  key: [names],
  unknown: growingOption,
};

/** Returns the checked options that every sink has, and the other options. */
export function takeShared<O extends SharedOptions>(
  action: string,
  { maxBytes, keepDeliveries, ...rest }: O,
): Complete<SharedOptions> & { readonly rest: Omit<O, keyof SharedOptions> } {
  return { ...checkOptions(action, { maxBytes, keepDeliveries }, sharedOptions), rest };
}

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkSinkOptions(
  action: string,
  options: Omit<CloudflareSinkOptions, Others>,
): SinkSettings {
  const settings = checkOptions<Omit<CloudflareSinkOptions, Others>, "columns" | "key">(
    action,
    options,
    sinkOptions,
  );
  checkTableOptions(action, settings, name, foldCase);
  const { columns, key } = settings;
  // Whoever gave them may go on.
  return { ...settings, columns: columns && [...columns], key: key && [...key] };
}

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkTablesOptions(
  action: string,
  options: Omit<CloudflareTablesOptions, Exclude<Others, "tables"> | "table">,
): TablesSettings {
  return checkTableSet(action, options, { name, names, fold: foldCase });
}
