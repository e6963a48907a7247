import { withoutColumn } from "./row-errors.ts";

/** What becomes of a property that no column takes. */
export type Unknown = "error" | "drop" | "add";

/** Whether a row can have columns. */
export function isRow(row: unknown): row is object {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}

/** Whether a row has a value of a name; what all objects have by themselves is none. */
export function gives(row: object, name: string): boolean {
  if ((row as Readonly<Record<string, unknown>>)[name] === undefined) return false;
  return !(name in Object.prototype) || Object.hasOwn(row, name);
}

/** Properties that no column takes: they are refused, or counted, for columns to be added perhaps. */
export class UnknownProperties {
  /** Rows that have such a property, by its name. */
  readonly counts: Record<string, number> = Object.create(null);
  /** Names that have a value, so that a column can be added for them. */
  readonly fresh: Set<string> = new Set();
  readonly #known: ReadonlySet<string>;
  readonly #unknown: Unknown;
  /** The properties of the row before, if a column takes each: most rows have the same. */
  #last: readonly string[] | undefined;

  /** Takes the names of the columns. */
  constructor(columns: readonly string[], unknown: Unknown) {
    this.#known = new Set(columns);
    this.#unknown = unknown;
  }

  /** Whether columns will be added for a row that gives none of those that are there. */
  adds(row: object): boolean {
    return this.#unknown === "add" && Object.values(row).some((value) => value != null);
  }

  /** Counts what a row has, or tells what is wrong with it. One that is `undefined` is no property. */
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

/** Whether a row has these properties in this order; a list of its own for each would cost more. */
function hasOnly(row: object, names: readonly string[]): boolean {
  let n = 0;
  for (const name in row) if (name !== names[n++]) return false; // Inherited ones come last.
  return n === names.length;
}
