import type { CsvColumns } from "./columns.ts";

/**
 * Source of the column names: the first record (`true`), a function that may change those names, or an
 * array. With `false` there are no names.
 */
export type CsvHeader = boolean | readonly string[] | ((names: string[]) => readonly string[]);

/** Returns the column names, or the text that completes "Cannot read …". */
export function namesOf(
  found: string[],
  header: CsvHeader,
  columns: CsvColumns = {},
): readonly string[] | string {
  const names: unknown = typeof header === "function" ? header([...found]) : found;
  if (!isNames(names) || names.length !== found.length) {
    return `the header, as its function must give ${found.length} names`;
  }
  const double = doubleOf(names);
  if (double !== undefined) {
    return `the header, as it names '${double}' twice; header: (names) => names may rename it`;
  }
  const missing = Object.keys(columns).filter((name) => !names.includes(name));
  if (missing.length === 0) return names;
  return `the header, as it lacks '${missing.join("', '")}' of the columns`;
}

/** Returns true if a value is an array of names. */
export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** Returns a name that occurs more than once in a list. */
export function doubleOf(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}
