import { fail } from "../../../options.ts";
import { type Layout, moneyType, type ResultColumn } from "./layout.ts";

/** The columns of a key in the result, as they stand in a statement that reads a page. */
export interface Key {
  /** Their places in the result. */
  readonly places: readonly number[];
  readonly columns: readonly ResultColumn[];
  /** Their names there. */
  readonly names: readonly string[];
  /** Without a domain, so that two of them are of one type. */
  readonly plain: readonly string[];
}

/** Columns that are compared: their names and types. */
export type Compared = Pick<Key, "names" | "columns">;

/** The first column of a key. */
export function firstOf({ names, columns }: Key): Compared {
  return { names: names.slice(0, 1), columns: columns.slice(0, 1) };
}

/**
 * Finds the columns of a key.
 * @throws {ConfigurationError} If the result does not have each of them once.
 */
export function keyOf({ columns }: Layout, names: readonly string[]): Key {
  const places = names.map((name) => {
    const found = columns.flatMap((column, place) => column.name === name ? [place] : []);
    if (found.length !== 1) {
      fail("read pages", "key", "columns that occur once in the result", name);
    }
    return found[0]!;
  });
  const found = places.map((place) => columns[place]!);
  return {
    places,
    columns: found,
    names: places.map((place) => `c${place}`),
    plain: found.map(({ written }, n) => `c${places[n]}::${written}`),
  };
}

/** Parameters with the texts of a key, the first of which is `$from`. */
export function boundKey({ columns }: Compared, from: number): string[] {
  return columns.map(({ written, type }, n) =>
    `$${from + n}::text::${type === moneyType ? "pg_catalog.numeric::" : ""}${written}`
  );
}

/**
 * Returns SQL that is true if a key is above another one, by the order of its columns. An index
 * serves a comparison of whole keys if the operators of all columns have one name.
 */
export function isAbove({ names, columns }: Compared, other: readonly string[]): string {
  const operators = columns.map(({ above }) => above);
  if (operators.every((operator) => operator === operators[0])) {
    return names.length === 1
      ? `${names[0]} ${operators[0]} ${other[0]}`
      : `(${names.join(", ")}) ${operators[0]} (${other.join(", ")})`;
  }
  return names.reduceRight((rest, name, n) => {
    const [above, below] = [
      `${name} ${operators[n]} ${other[n]}`,
      `${other[n]} ${operators[n]} ${name}`,
    ];
    return rest === "" ? above : `(${above} or (not ${below} and (${rest})))`;
  }, "");
}

/** Returns SQL that is true if a column of a key is null. */
export function hasNull({ names, columns }: Key): string {
  // A composite value of nulls alone "is null", and is none.
  return columns.some(({ kind }) => kind === "c")
    ? `pg_catalog.num_nulls(${names.join(", ")}) > 0`
    : names.map((name) => `${name} is null`).join(" or ");
}
