import { cannotAdd } from "./row-errors.ts";

/** The column types of a database for added columns, by the kind of value. */
export interface AddedTypes {
  /** Type for integers of up to 2^53; next: other numbers, and bigints. */
  readonly integer: string;
  readonly float: string;
  readonly numeric: string;
  readonly boolean: string;
  readonly text: string;
  /** Type for `Date`s. */
  readonly time: string;
  /** Type for `Uint8Array`s. */
  readonly bytes: string;
  /** Type for other objects. */
  readonly json: string;
}

type Kind = keyof AddedTypes;

/** Kinds of numbers, the widest first. */
const numbers: readonly Kind[] = ["numeric", "float", "integer"];

/**
 * Returns the type of a column that is added for a property: that of the widest number, otherwise of the
 * first value.
 * @param refuse Called with the error of each row whose value the type cannot hold.
 */
export function addedType(
  types: AddedTypes,
  rows: readonly object[],
  name: string,
  refuse: (error: Error, row: number) => void,
): string {
  const kind = kindFor(rows, name);
  const reason = `the values of the batch need another type than ${
    types[kind]
  }, which the first of them has`;
  cannotAdd(rows, name, reason, (value) => !fits(kindOf(value), kind)).forEach(refuse);
  return types[kind];
}

/** Returns true if a column of a kind holds values of another one. */
function fits(own: Kind, kind: Kind): boolean {
  return own === kind || numbers.includes(own) && numbers.includes(kind);
}

function kindFor(rows: readonly object[], name: string): Kind {
  const kinds = new Set<Kind>();
  for (const row of rows) {
    const value = (row as Readonly<Record<string, unknown>>)[name];
    if (Object.hasOwn(row, name) && value !== undefined && value !== null) kinds.add(kindOf(value));
  }
  const [first = "text"] = kinds;
  return numbers.includes(first) ? numbers.find((kind) => kinds.has(kind))! : first;
}

function kindOf(value: unknown): Kind {
  if (typeof value === "number") return Number.isSafeInteger(value) ? "integer" : "float";
  if (typeof value === "bigint") return "numeric";
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Date) return "time";
  if (value instanceof Uint8Array) return "bytes";
  return typeof value === "object" ? "json" : "text";
}
