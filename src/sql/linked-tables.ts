/**
 * Tables that are written in one commit, and their links.
 * @module
 */
import { anyObject, fail, nonEmptyString, oneOf, type Rule } from "../options.ts";

/** Parent that a row of a table belongs to. */
export interface ParentLink {
  /** The table of the parent, which must be declared before. */
  readonly table: string;
  /** Columns of this table, each with the column of the parent whose value it has. */
  readonly on: Readonly<Record<string, string>>;
}

/** Options that link a table to others. */
export interface LinkOptions {
  /**
   * Parent of the rows: a table that is declared before, and columns of this table, each with the column
   * of the parent whose value it has. A row may omit these columns if it comes with exactly one row of
   * the parent, even if the database generates the value.
   */
  readonly parent?: ParentLink | undefined;
  /**
   * Action on rows of a loaded parent that were not given again: `"delete"` removes them and all rows
   * that belong to them, even if none was given. Needs a `parent` and the conflict `"replace"`. If a
   * table has no primary key and no `key`, all rows of the parent are replaced.
   *
   * @default {they stay}
   */
  readonly missing?: "delete" | undefined;
}

/** A table among others, with its links checked. */
export interface LinkedTable {
  readonly name: string;
  /** Its parent, by its place in the list, with the pairs of columns. */
  readonly parent:
    | { readonly place: number; readonly on: readonly (readonly [string, string])[] }
    | undefined;
  readonly missing: "delete" | undefined;
  /** Its children, by their places. */
  readonly children: readonly number[];
}

/** The rule of `missing`. */
export const missingOption: Rule = oneOf("delete");

/** The rule of `parent`. */
export const parentLink: Rule = {
  expected: "an object with the 'table' of the parent and 'on', the parent's column by column",
  test: (value) => {
    const { table, on } = Object(value) as { table?: unknown; on?: unknown };
    if (!nonEmptyString.test(table) || !anyObject.test(on)) return false;
    const pairs = Object.entries(on as object);
    return pairs.length > 0 &&
      pairs.every(([column, other]) => column !== "" && nonEmptyString.test(other));
  },
};

/** The rule of `tables`. */
export const tablesObject: Rule = {
  expected: "an object of at least one table, each by its name with an object of its options",
  test: (value) =>
    anyObject.test(value) && !Array.isArray(value) && Object.keys(value as object).length > 0 &&
    Object.values(value as object).every((options) =>
      anyObject.test(options) && !Array.isArray(options)
    ),
};

/** Options of each table that are checked. */
type Checked = LinkOptions & {
  readonly conflict: string;
  readonly columns?: readonly string[] | undefined;
};

/**
 * Checks the links between tables; each option has already been checked by itself.
 * @param fold Returns the same text for two names that the database considers equal.
 * @throws {ConfigurationError} If a parent is not declared before, or `missing` has no effect.
 */
export function linkedTables(
  action: string,
  tables: Readonly<Record<string, Checked>>,
  fold: (name: string) => string = (name) => name,
): LinkedTable[] {
  const names = Object.keys(tables);
  const places = new Map(names.map((name, place) => [fold(name), place]));
  const children: number[][] = names.map(() => []);
  const links = names.map((name, place) => {
    const { parent, missing, conflict, columns } = tables[name]!;
    const path = `tables.${name}`;
    if (missing !== undefined && (parent === undefined || conflict !== "replace")) {
      fail(
        action,
        `${path}.missing`,
        `omitted without a 'parent' and conflict: "replace"`,
        missing,
      );
    }
    if (parent === undefined) return { name, parent, missing };
    const above = places.get(fold(parent.table));
    if (above === undefined || above >= place) {
      const before = place === 0 ? "this is the first" : oneOf(...names.slice(0, place)).expected;
      const rule = `a table that is declared before this one (${before})`;
      fail(action, `${path}.parent.table`, rule, parent.table);
    }
    const on = Object.entries(parent.on);
    const filled = columns?.map(fold);
    const lost = on.find(([column]) => filled?.includes(fold(column)) === false);
    if (lost !== undefined) fail(action, `${path}.parent.on`, "some of its 'columns'", lost[0]);
    children[above]!.push(place);
    return { name, parent: { place: above, on }, missing };
  });
  return links.map((link, place) => ({ ...link, children: children[place]! }));
}
