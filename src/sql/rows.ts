import { withoutColumn } from "./row-errors.ts";

/** Action on a property that no column accepts. */
export type Unknown = "error" | "drop" | "add";

/** Returns true if a row can have columns. */
export function isRow(row: unknown): row is object {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}

/** Returns true if a row has a value of a name. Members that all objects have do not count. */
export function gives(row: object, name: string): boolean {
  if ((row as Readonly<Record<string, unknown>>)[name] === undefined) return false;
  return !(name in Object.prototype) || Object.hasOwn(row, name);
}

/** Properties without a column: they are rejected, or counted and possibly added as columns. */
export class UnknownProperties {
  /** Rows that have such a property, by its name. */
  readonly counts: Record<string, number> = Object.create(null);
  /** Names that have a value, so that a column can be added for them. */
  readonly fresh: Set<string> = new Set();
  readonly #known: ReadonlySet<string>;
  readonly #unknown: Unknown;
  /** The properties of the previous row, if all have a column: most rows have the same properties. */
  #last: readonly string[] | undefined;

  /** Stores the names of the columns. */
  constructor(columns: readonly string[], unknown: Unknown) {
    this.#known = new Set(columns);
    this.#unknown = unknown;
  }

  /** Returns true if columns will be added for a row that fills no existing column. */
  adds(row: object): boolean {
    return this.#unknown === "add" && Object.values(row).some((value) => value != null);
  }

  /** Counts properties without a column, or returns the error of the row. Ignores `undefined`. */
  look(row: object, place: number): Error | undefined {
    if (this.#last !== undefined && hasOnly(row, this.#last)) return undefined;
    const names = Object.keys(row);
    if (names.every((name) => this.#known.has(name))) this.#last = names;
    for (const name of names) {
      const value = (row as Record<string, unknown>)[name];
      if (this.#known.has(name) || value === undefined) continue;
      if (this.#unknown === "error") return withoutColumn(name, place);
      if (this.#unknown === "add" && value !== null) this.fresh.add(name);
      this.counts[name] = (this.counts[name] ?? 0) + 1;
    }
    return undefined;
  }
}

/**
 * Returns true if a row has exactly these properties in this order. A list for each row would cost more.
 */
function hasOnly(row: object, names: readonly string[]): boolean {
  let n = 0;
  for (const name in row) if (name !== names[n++]) return false; // Inherited ones come last.
  return n === names.length;
}
