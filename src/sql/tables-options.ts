/**
 * The options of a sink of several tables, where all tables accept the same options.
 * @module
 */
import { checkOptions, type Complete, fail, type OptionTable, type Rule } from "../options.ts";
import {
  type LinkedTable,
  linkedTables,
  type LinkOptions,
  missingOption,
  parentLink,
  tablesObject,
} from "./linked-tables.ts";
import type { Unknown } from "./rows.ts";
import { checkTableOptions, type Conflict, conflictOption, growingOption } from "./sink-options.ts";

/** Options of each table, or of all tables that do not set them. */
interface SharedOptions {
  readonly conflict?: Conflict | undefined;
  readonly unknown?: Unknown | undefined;
}

/** The options of one table. */
interface OwnOptions extends SharedOptions, LinkOptions {
  readonly columns?: readonly string[] | undefined;
  readonly key?: readonly string[] | undefined;
}

/** The options of a sink of several tables. */
export interface SetOptions extends SharedOptions {
  readonly tables: Readonly<Record<string, OwnOptions>>;
}

/** The options of one table, checked. */
export interface TableSettings {
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  readonly conflict: Conflict;
  readonly key: readonly string[] | undefined;
  readonly unknown: Unknown;
  readonly missing?: "delete" | undefined;
}

/** The tables, checked. */
export interface TablesSettings {
  readonly linked: readonly LinkedTable[];
  readonly tables: readonly TableSettings[];
}

/** Rules for the names of a database. */
export interface Naming {
  /** The rule of one name. */
  readonly name: Rule;
  /** The rule of some names. */
  readonly names: Rule;
  /** Returns the same text for two names that the database considers equal. */
  fold(name: string): string;
}

const shared = { conflict: conflictOption, unknown: growingOption } as const;
const setOptions: OptionTable<SetOptions> = { tables: [tablesObject], ...shared };

/** @throws {ConfigurationError} If an option is missing, is unknown or breaks its rule. */
export function checkTableSet(
  action: string,
  options: SetOptions,
  naming: Naming,
): TablesSettings {
  const { tables, conflict, unknown } = checkOptions(action, options, setOptions);
  const settings: [string, TableSettings & OwnOptions][] = Object.entries(tables).map(
    ([table, own]) => [table, checkTable(action, table, { own, conflict, unknown }, naming)],
  );
  const folded = settings.map(([table]) => naming.fold(table));
  const twice = settings.find((_, place) => folded.indexOf(folded[place]!) !== place);
  if (twice !== undefined) fail(action, "tables", "an object that has each table once", twice[0]);
  return {
    linked: linkedTables(action, Object.fromEntries(settings), (name) => naming.fold(name)),
    tables: settings.map(([, own]) => own),
  };
}

interface GivenTable {
  readonly own: OwnOptions;
  readonly conflict: Conflict;
  readonly unknown: Unknown;
}

function checkTable(
  action: string,
  table: string,
  { own: options, ...defaults }: GivenTable,
  { name, names, fold }: Naming,
): TableSettings & OwnOptions {
  const path = `tables.${table}.`;
  const prefixed = (given: object) =>
    Object.fromEntries(Object.entries(given).map(([key, value]) => [path + key, value]));
  if (!name.test(table)) fail(action, "tables", `an object by names: ${name.expected}`, table);
  const tableOptions: OptionTable<OwnOptions> = {
    columns: [names],
    ...shared,
    key: [names],
    parent: [parentLink],
    missing: [missingOption],
  };
  const checked = checkOptions(
    action,
    prefixed(options) as Record<string, unknown>,
    prefixed(tableOptions) as OptionTable<Record<string, unknown>>,
    prefixed(defaults),
  );
  const own = Object.fromEntries(
    Object.entries(checked).map(([key, value]) => [key.slice(path.length), value]),
  ) as Complete<OwnOptions, "columns" | "key" | "parent" | "missing">;
  const settings = { ...own, table, columns: own.columns, key: own.key };
  checkTableOptions(`${action} with table ${JSON.stringify(table)}`, settings, name, fold);
  // Whoever gave them may go on.
  return { ...settings, columns: own.columns && [...own.columns], key: own.key && [...own.key] };
}
