import { messageOf, propertyOf } from "../errors.ts";

/** Parts of an error that have columns in a table of dead letters. */
export interface ErrorColumns {
  readonly name: string | null;
  readonly message: string;
  readonly code: string | null;
}

/** Returns the parts of an error for the columns of a table; `null` for a part that cannot be read. */
export function errorColumns(error: unknown): ErrorColumns {
  return { name: textIn(error, "name"), message: messageOf(error), code: textIn(error, "code") };
}

function textIn(error: unknown, property: string): string | null {
  const value = propertyOf(error, property);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}
