import {
  anyObject,
  callable,
  checkOptions,
  type Complete,
  fail,
  nonEmptyString,
  oneOf,
  type OptionTable,
  type Rule,
} from "../../options.ts";
import { distinctNames } from "../../sql/distinct-names.ts";
import {
  checkTableOptions,
  type Conflict,
  conflictOption,
  growingOption,
} from "../../sql/sink-options.ts";
import {
  type LinkedTable,
  linkedTables,
  type LinkOptions,
  missingOption,
  parentLink,
  tablesObject,
} from "../../sql/linked-tables.ts";
import type { LinksAmong } from "../../sql/typed-rows.ts";
import type { CopyFrom } from "./clients/pg.ts";
import { keptName } from "./names.ts";

/** Options of a sink of one table. */
export interface PostgresSinkOptions<Columns extends readonly string[] = readonly string[]>
  extends PostgresTableOptions<Columns> {
  /** The table, by its plain name, which is never interpreted as SQL. */
  table: string;
  /** The schema of the table and of the sink's own tables. By default the search path is used. */
  schema?: string | undefined;
  /** For a client of `pg`: `from` of the package `pg-copy-streams`. */
  copyFrom?: CopyFrom | undefined;
}

/** Options for writing rows into a table. */
export interface PostgresTableOptions<Columns extends readonly string[] = readonly string[]> {
  /**
   * The columns to load, which are also the properties of the rows. Each row must have all of them; a row
   * type that lacks one does not compile. By default, rows may omit columns, which then get their
   * defaults.
   * @default {the columns of the table that it does not generate}
   */
  columns?: Columns | undefined;
  /**
   * Action on a property of a row that is not one of the columns and not `undefined`. `"error"` rejects
   * the row. `"drop"` omits the property, and counts it in `report.drift`. `"add"` adds a column for it,
   * in the transaction of the batch and before its rows, and also counts it; later rows may omit it, even
   * with `columns`. Its type follows the values of the batch: `bigint` or `double precision`, `boolean`,
   * `text`, `timestamptz` (`Date`), `numeric` (bigint), `bytea`, and `jsonb` for objects. If the values
   * are of several kinds, the first one decides, and rows of another kind are rejected. A property that
   * is only `null` gets no column yet. With several tables it is counted by table and property:
   * `"user.nick"`.
   * @default {"error"}
   */
  unknown?: "error" | "drop" | "add" | undefined;
  /**
   * Action on a row whose key is in the table: `"error"` fails the load, `"ignore"` omits the row,
   * `"replace"` replaces these columns of the existing row. If a batch has several rows of one key,
   * `"ignore"` uses the first and `"replace"` the last.
   * @default {"error"}
   */
  conflict?: Conflict | undefined;
  /**
   * With `"replace"` and `"ignore"`: the columns that identify a row, a subset of `columns`. A unique
   * index on exactly these columns is required; it decides which keys are equal.
   * @default {the primary key of the table} with `"ignore"` every unique index of the table
   */
  key?: readonly Columns[number][] | undefined;
  /**
   * Types by column in which values are sent, if the type of the column does not fit. With
   * `{ at: "timestamptz" }` a `timestamp` accepts a `Date`, in the time zone of the connection. Values
   * are checked against these types as against columns: `"varchar(2)"` rejects a third character. Not for
   * `"copy"`.
   * @default {the types of the table}
   */
  types?: Readonly<Record<string, string>> | undefined;
  /**
   * Method to send rows. `"copy"` needs the conflict `"error"`, and a PGlite, a `SQL` of Bun or, with
   * `copyFrom`, a client of `pg`.
   * @default {"insert"}
   */
  method?: "insert" | "copy" | undefined;
}

/** Options of one of several tables that are written in one commit. */
export interface PostgresLinkedTableOptions extends PostgresTableOptions, LinkOptions {}

/** Tables that are written in one commit, by name, each parent before its children. */
export type PostgresTables = Readonly<Record<string, PostgresLinkedTableOptions>>;

/** Options of a sink of several tables. */
export interface PostgresTablesOptions<Tables extends PostgresTables = PostgresTables>
  extends
    Pick<PostgresSinkOptions, "schema" | "copyFrom">,
    Pick<PostgresTableOptions, "conflict" | "unknown" | "method"> {
  /**
   * The tables by their plain names, parents first. A row of a batch has rows for them under the same
   * names. The options of a table take precedence over the options next to `tables`.
   */
  tables: Tables & LinksAmong<Tables>;
}

type Shared = "conflict" | "unknown" | "method";
type Open = "schema" | "columns" | "key" | "types" | "copyFrom";

/** The options of a sink with their defaults. */
export type SinkSettings =
  & Complete<PostgresSinkOptions, Open>
  & Pick<LinkOptions, "missing">;

/** The options of a sink of several tables, with their defaults. */
export interface TablesSettings {
  readonly schema: string | undefined;
  readonly copyFrom: CopyFrom | undefined;
  /** In their order. */
  readonly tables: readonly SinkSettings[];
  /** Links between them, in the same order. */
  readonly links: readonly LinkedTable[];
}

const names = distinctNames(nonEmptyString, (name) => name);

const typeNames: Rule = {
  expected: "an object of types by column",
  test: (value) =>
    anyObject.test(value) && Object.values(value as object).every(nonEmptyString.test),
};

const method = oneOf("insert", "copy");

const sinkOptions: OptionTable<PostgresSinkOptions> = {
  table: [nonEmptyString],
  schema: [nonEmptyString],
  columns: [names],
  conflict: conflictOption,
  key: [names],
  unknown: growingOption,
  types: [typeNames],
  method: [method, "insert"],
  copyFrom: [callable],
};

const tablesOptions: OptionTable<PostgresTablesOptions> = {
  tables: [tablesObject],
  schema: [nonEmptyString],
  conflict: [conflictOption[0]],
  unknown: [growingOption[0]],
  method: [method],
  copyFrom: [callable],
};

const { table: _table, schema: _schema, copyFrom: _copyFrom, ...tableOptions } = sinkOptions;
const linkedOptions: OptionTable<PostgresLinkedTableOptions> = {
  ...tableOptions,
  parent: [parentLink],
  missing: [missingOption],
};

/**
 * Checks what can be checked without the database.
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function checkSinkOptions(action: string, options: PostgresSinkOptions): SinkSettings {
  const checked = checkOptions<PostgresSinkOptions, Open>(action, options, sinkOptions);
  checkTableOptions(action, checked, nonEmptyString);
  checkMethod(action, checked);
  if (checked.method === "insert" && checked.copyFrom !== undefined) {
    fail(action, "copyFrom", `omitted unless 'method' is "copy"`, checked.copyFrom);
  }
  return checked;
}

/** Checks the options of a table that are about how rows are sent. */
function checkMethod(
  action: string,
  { columns, conflict, types, method }: Pick<
    SinkSettings,
    "columns" | "conflict" | "types" | "method"
  >,
  path = "",
): void {
  for (const name of Object.keys(types ?? {})) {
    if (columns?.includes(name) === false) {
      fail(action, `${path}types`, "types of the 'columns'", name);
    }
  }
  if (method === "copy" && types !== undefined) {
    fail(action, `${path}types`, `omitted if 'method' is "copy" (use method: "insert")`, types);
  }
  if (method === "copy" && conflict !== "error") {
    fail(action, `${path}conflict`, `"error" if 'method' is "copy"`, conflict);
  }
}

/**
 * Checks what can be checked of several tables without the database.
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function checkTablesOptions(action: string, options: PostgresTablesOptions): TablesSettings {
  const checked = checkOptions<PostgresTablesOptions, "schema" | "copyFrom" | Shared>(
    action,
    options,
    tablesOptions,
  );
  const { schema, copyFrom, conflict, unknown, method } = checked;
  const shared = { conflict, unknown, method };
  const all = Object.entries(checked.tables).map(([table, own]) => {
    const path = `tables.${table}`;
    if (table === "") fail(action, "tables", tablesObject.expected, checked.tables);
    const settings = checkOptions<
      PostgresLinkedTableOptions,
      "columns" | "key" | "types" | "parent" | "missing"
    >(`${action} (${path})`, own, linkedOptions, shared);
    return [table, { ...settings, table, schema, copyFrom }] as const;
  });
  const links = linkedTables(action, Object.fromEntries(all), keptName);
  for (const [table, settings] of all) {
    checkTableOptions(`${action} (tables.${table})`, settings, nonEmptyString);
    checkMethod(action, settings, `tables.${table}.`);
  }
  if (copyFrom !== undefined && !all.some(([, { method }]) => method === "copy")) {
    fail(action, "copyFrom", `omitted unless a 'method' is "copy"`, copyFrom);
  }
  return { schema, copyFrom, links, tables: all.map(([, settings]) => settings) };
}
