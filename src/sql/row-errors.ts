import { BatchError } from "../errors.ts";
import { inWords } from "../plain-options.ts";

/**
 * Returns the error of one row of a load. The text that varies from row to row comes last, so that dead
 * letters can be counted by their common text.
 */
export function rowError(reason: string, index: number): TypeError {
  return new TypeError(`Cannot load row as ${reason} (row ${index})`);
}

/** Returns the same error for a row of one of several tables, which came with a row of the batch. */
export function inTable({ message }: Error, table: string, index: number): TypeError {
  const quoted = JSON.stringify(table);
  const told = message.startsWith(adding)
    ? `${adding}${quoted}.${message.slice(adding.length)}`
    : `Cannot load row of table ${quoted} as ${message.replace(/^Cannot load row as /, "")}`;
  return new TypeError(`${told.replace(/ \(row \d+\)$/, "")} (row ${index})`);
}

/** Returns the failure of writing rows into a table: the first of them, with its name and place. */
export function failureIn(error: unknown, table: string): unknown {
  if (!(error instanceof BatchError)) return error;
  const [[place, failure]] = [...error.failures] as [[number, Error]];
  return inTable(failure, table, place); // These are no places of what was loaded.
}

/** Returns the error of a row that is not an object, and so has no value for a column. */
export function notAnObject(row: unknown, column: string | undefined, index: number): TypeError {
  const rule = `it must be an object with the property ${JSON.stringify(column)}`;
  return rowError(`${rule}: current value is ${inWords(row)}`, index);
}

/** Returns the error of a row whose value its column cannot store unchanged. */
export function unfitValue(
  value: unknown,
  column: string,
  expected: string,
  index: number,
): TypeError {
  const shown = Object.is(value, -0) ? "-0" : inWords(value);
  const rule = `column ${JSON.stringify(column)} must be ${expected}`;
  return rowError(`${rule}: current value is ${shown}`, index);
}

/** Returns the error of a row that gives no column a value. */
export function withoutProperties(table: string, index: number): TypeError {
  return rowError(`it must have a property that is a column of ${table}`, index);
}

/** Returns the error of a row with a property that has no column. */
export function withoutColumn(property: string, index: number): TypeError {
  const advice = "add it to the table and to 'columns', leave it out, or let 'unknown' be \"drop\"";
  return rowError(`property ${JSON.stringify(property)} has no column: ${advice}`, index);
}

const adding = "Cannot add column ";

/** Returns the error of the rows with such a value of this property, for which no column can be added. */
export function cannotAdd(
  rows: readonly object[],
  name: string,
  reason: string,
  isMeant: (value: unknown) => boolean = () => true,
): Map<number, Error> {
  const failures = new Map<number, Error>();
  rows.forEach((row, place) => {
    const value = (row as Readonly<Record<string, unknown>>)[name];
    if (!Object.hasOwn(row, name) || value === undefined || value === null) return;
    if (!isMeant(value)) return;
    const column = JSON.stringify(name);
    failures.set(place, new Error(`${adding}${column}: ${reason} (row ${place})`));
  });
  return failures;
}
