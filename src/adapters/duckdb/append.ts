/**
 * The fast way into a table: its appender, which takes whole rows by the places of the columns. What
 * it would read otherwise than a statement does, it is not given.
 * @module
 */
import type { DuckdbAppender, DuckdbConnection } from "./client.ts";
import { rangeOf } from "./types.ts";

/** Gives a value that was checked to an appender; `false` if that would not take it as it is. */
export type Append = (to: DuckdbAppender, value: unknown) => boolean;

/** Place of a table, by which the appender finds the one that statements find. */
export interface TablePlace {
  readonly database: string;
  readonly schema: string;
}

/** A column of the table that it does not generate. */
export interface AppendedColumn {
  /** The place of its value in each row; -1 where it stays empty. */
  readonly place: number;
  readonly append: Append | undefined;
}

/** Rows, and all columns of the table. */
export interface AppendedRows {
  readonly columns: readonly AppendedColumn[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Most rows written at once: an appender that is given more decides by itself when to write. */
const maxRows = 100_000;

/**
 * Appends rows, within the transaction that is open, and writes them.
 * @returns How many were; statements have to do the others.
 */
export async function appendRows(
  connection: DuckdbConnection,
  table: string,
  { schema, database }: TablePlace,
  { columns, rows }: AppendedRows,
): Promise<number> {
  const appender = await connection.createAppender!(table, schema, database);
  let count = 0;
  try {
    while (count < rows.length) {
      const part = rows.slice(count, count + maxRows);
      if (!appendAll(appender, { columns, rows: part })) break;
      appender.flushSync();
      count += part.length;
    }
  } finally {
    appender.clear(); // What is left in it would be written, when it is closed or collected.
    appender.closeSync();
  }
  return count;
}

function appendAll(to: DuckdbAppender, { columns, rows }: AppendedRows): boolean {
  try {
    for (const row of rows) {
      for (const { place, append } of columns) {
        const value = place === -1 ? null : row[place];
        if (value === null) to.appendNull();
        else if (append?.(to, value) !== true) return false;
      }
      to.endRow();
    }
    return true;
  } catch {
    return false; // The statement says in its words what it does not take.
  }
}

/** Gives by what an appender takes a type; nothing where only a statement takes all of its values. */
export function appendOf(type: string): Append | undefined {
  if (type.startsWith("DECIMAL(")) return asText((value) => String(value));
  return rangeOf(type) === undefined ? others[type] : integers[type];
}

/** A value whose text the appender reads; not one that is a string already, as it reads fewer. */
function asText(textOf: (value: never) => string): Append {
  return (to, value) => {
    if (typeof value === "string") return false;
    to.appendVarchar(textOf(value as never));
    return true;
  };
}

/** A value by a method of its own. */
function by<T>(put: (to: DuckdbAppender, value: T) => void): Append {
  return (to, value) => {
    if (typeof value === "string") return false;
    put(to, value as T);
    return true;
  };
}

type Integer = number | bigint;

const integers: Readonly<Record<string, Append>> = {
  TINYINT: by((to, value: Integer) => to.appendTinyInt(Number(value))),
  SMALLINT: by((to, value: Integer) => to.appendSmallInt(Number(value))),
  INTEGER: by((to, value: Integer) => to.appendInteger(Number(value))),
  BIGINT: by((to, value: Integer) => to.appendBigInt(BigInt(value))),
  HUGEINT: by((to, value: Integer) => to.appendHugeInt(BigInt(value))),
  UTINYINT: by((to, value: Integer) => to.appendUTinyInt(Number(value))),
  USMALLINT: by((to, value: Integer) => to.appendUSmallInt(Number(value))),
  UINTEGER: by((to, value: Integer) => to.appendUInteger(Number(value))),
  UBIGINT: by((to, value: Integer) => to.appendUBigInt(BigInt(value))),
  UHUGEINT: by((to, value: Integer) => to.appendUHugeInt(BigInt(value))),
};

const text: Append = (to, value) => {
  to.appendVarchar(value as string);
  return true;
};

/** An appender does not look at the text that it is given. */
const json: Append = (to, value) => {
  JSON.parse(value as string);
  return text(to, value);
};

/** A value whose text the appender reads, also as a string in the usual form. */
function orForm(form: RegExp, append: Append): Append {
  return (to, value) =>
    typeof value === "string" ? form.test(value) && text(to, value) : append(to, value);
}

const withoutZone = asText((value: Date) => value.toISOString().slice(0, -1));

const others: Readonly<Record<string, Append>> = {
  ...{ VARCHAR: text, UUID: text, JSON: json },
  BOOLEAN: by((to, value: boolean) => to.appendBoolean(value)),
  DOUBLE: by((to, value: Integer) => to.appendDouble(Number(value))),
  FLOAT: by((to, value: number) => to.appendFloat(value)),
  BLOB: by((to, value: Uint8Array) => to.appendBlob(value)),
  TIMESTAMP: orForm(
    /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?$/,
    by((to, value: Date) => to.appendTimestamp({ micros: BigInt(value.getTime()) * 1000n })),
  ),
  ...{ TIMESTAMP_S: withoutZone, TIMESTAMP_MS: withoutZone, TIMESTAMP_NS: withoutZone },
  // It does not look at the zone, and takes the time for one of UTC.
  "TIMESTAMP WITH TIME ZONE": orForm(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/,
    asText((value: Date) => value.toISOString()),
  ),
  ...{ DATE: text, TIME: text },
};
