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
  unknownOption,
} from "../../sql/sink-options.ts";
import type { CopyFrom } from "./clients/pg.ts";

/** Where rows go, and how. */
export interface PostgresSinkOptions {
  /** The table, by its name alone: what is in it is never taken for SQL. */
  table: string;
  /** The schema of the table and of the tables of the sink. Without it the search path is used. */
  schema?: string | undefined;
  /**
   * The columns that are loaded: of each row the properties of these names, each of which it has to
   * have. Without them a row may leave columns to the table: it gets their defaults.
   * @default {the columns of the table that it does not generate}
   */
  columns?: readonly string[] | undefined;
  /**
   * What becomes of a property of a row that is none of the columns and not `undefined`: the row is
   * refused, or the property is left out, and counted in `report.drift`.
   * @default {"error"}
   */
  unknown?: "error" | "drop" | undefined;
  /**
   * What is done with a row whose key is in the table: the load fails, or the row is left out, or
   * it replaces these columns of the other. Of rows of one batch with the same key `"ignore"` takes
   * the first and `"replace"` the last.
   * @default {"error"}
   */
  conflict?: Conflict | undefined;
  /**
   * With `"replace"` and `"ignore"`: the columns that tell rows apart, some of `columns`. A unique
   * index has to have exactly these, and says which keys are equal.
   * @default {the primary key of the table} with `"ignore"` every unique index of the table
   */
  key?: readonly string[] | undefined;
  /**
   * Types by column in which values are sent where that of the table will not do: with
   * `{ at: "timestamptz" }` a `timestamp` takes a `Date`, in the time zone of the connection. A
   * value has to fit them as it has to fit a column: `"varchar(2)"` refuses a third character. Not
   * for `"copy"`.
   * @default {the types of the table}
   */
  types?: Readonly<Record<string, string>> | undefined;
  /**
   * How rows are sent. `"copy"` takes no conflict but `"error"`, and a PGlite, a `SQL` of Bun or, with
   * `copyFrom`, a client of `pg`.
   * @default {"insert"}
   */
  method?: "insert" | "copy" | undefined;
  /** For a client of `pg`: `from` of the package `pg-copy-streams`. */
  copyFrom?: CopyFrom | undefined;
}

type Open = "schema" | "columns" | "key" | "types" | "copyFrom";

/** The options of a sink with their defaults. */
export type SinkSettings = Complete<PostgresSinkOptions, Open>;

const names = distinctNames(nonEmptyString, (name) => name);

const typeNames: Rule = {
  expected: "an object of types by column",
  test: (value) =>
    anyObject.test(value) && Object.values(value as object).every(nonEmptyString.test),
};

const sinkOptions: OptionTable<PostgresSinkOptions> = {
  table: [nonEmptyString],
  schema: [nonEmptyString],
  columns: [names],
  conflict: conflictOption,
  key: [names],
  unknown: unknownOption,
  types: [typeNames],
  method: [oneOf("insert", "copy"), "insert"],
  copyFrom: [callable],
};

/**
 * Checks what can be checked without the database.
 * @throws {ConfigurationError} If an option is unknown or breaks its rule.
 */
export function checkSinkOptions(action: string, options: PostgresSinkOptions): SinkSettings {
  const checked = checkOptions<PostgresSinkOptions, Open>(action, options, sinkOptions);
  checkTableOptions(action, checked, nonEmptyString);
  const { columns, conflict, types, method, copyFrom } = checked;
  for (const name of Object.keys(types ?? {})) {
    if (columns?.includes(name) === false) fail(action, "types", "types of the 'columns'", name);
  }
  if (method === "copy" && types !== undefined) {
    fail(action, "types", `omitted if 'method' is "copy" (use method: "insert")`, types);
  }
  if (method === "copy" && conflict !== "error") {
    fail(action, "conflict", `"error" if 'method' is "copy"`, conflict);
  }
  if (method === "insert" && copyFrom !== undefined) {
    fail(action, "copyFrom", `omitted unless 'method' is "copy"`, copyFrom);
  }
  return checked;
}
