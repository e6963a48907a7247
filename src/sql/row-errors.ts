import { inWords } from "../plain-options.ts";

/**
 * The error of one row of a load. What varies from row to row comes last, so that dead letters are
 * counted by what they have in common.
 */
export function rowError(reason: string, index: number): TypeError {
  return new TypeError(`Cannot load row as ${reason} (row ${index})`);
}

/** The error of a row that is not an object, and so has no value for a column. */
export function notAnObject(row: unknown, column: string | undefined, index: number): TypeError {
  const rule = `it must be an object with the property ${JSON.stringify(column)}`;
  return rowError(`${rule}: current value is ${inWords(row)}`, index);
}

/** The error of a row with a property that no column takes. */
export function withoutColumn(property: string, index: number): TypeError {
  const advice = "add it to the table and to 'columns', leave it out, or let 'unknown' be \"drop\"";
  return rowError(`property ${JSON.stringify(property)} has no column: ${advice}`, index);
}
