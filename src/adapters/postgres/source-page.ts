import type { Row } from "./database.ts";
import { quoteName } from "./names.ts";
import { boundKey, firstOf, isAbove, literal } from "./source-key.ts";
import { aliasesOf, type Layout, markOf, settings } from "./source-layout.ts";
import type { Query, View } from "./source-query.ts";
import { fieldsOf, readAs } from "./source-rows.ts";

/** A page as it was read: its rows, and the one beyond it. */
export interface Page {
  readonly length: number;
  /** For each row nothing, or a 0 in the place of what is wrong: layout, null, order. */
  readonly faults: readonly unknown[];
  /** The texts of the key of a row. */
  keyAt(place: number): string[];
  /** A row as it is given. */
  rowAt(place: number): Row;
}

const keyColumn = "millrace key"; // Columns of their own, at the end.
const faultColumn = "millrace fault";

/** The query with names for its columns by which they can be told, whatever they are called. */
export function fromQuery(sql: string, { columns }: Layout): string {
  return `from (${sql}\n) as page${columns.length > 0 ? `(${aliasesOf(columns)})` : ""}`;
}

/** One value, the text of which has all columns. */
export function recordOf({ columns }: Layout): string {
  return `row(${columns.map(readAs).join(", ")})`;
}

/**
 * The statement of a page. It says of each row itself whether it is above the one before, as nobody
 * but the database knows which keys are equal, and whether the result is what it was.
 */
export function pageStatement(
  { sql, params, chunkSize, values }: Query,
  { layout, key }: View,
  { isFirst, isBounded }: { isFirst: boolean; isBounded: boolean },
): string {
  const last = boundKey(key, params.length + 1);
  const bound = boundKey(key, params.length + 1 + (isFirst ? 0 : last.length))[0];
  const where = [settings];
  if (!isFirst) where.push(isAbove(key, last));
  if (isBounded) where.push(`not (${isAbove(firstOf(key), [bound!])})`);
  const plain = key.names.map((_, n) => `k${n}`);
  const before = plain.map((name, n) =>
    isFirst
      ? `pg_catalog.lag(${name}) over keys`
      : `pg_catalog.lag(${name}, 1, ${last[n]}) over keys`
  );
  const { columns } = layout;
  const inner = values === "client" ? aliasesOf(columns) : `${recordOf(layout)} as record`;
  const outer = values === "client"
    ? [
      ...columns.map(({ name }, place) => `c${place} as ${quoteName(name)}`),
      `pg_catalog.record_out(row(${key.names.join(", ")})) as ${quoteName(keyColumn)}`,
    ].join(", ")
    : "pg_catalog.record_out(record)";
  const names = columns.map(({ name }) => name);
  return `select ${outer}, pg_catalog.textout(nullif(pg_catalog.concat(
      (${literal(layout.mark)} = ${markOf(sql, names)})::pg_catalog.int4,
      (pg_catalog.num_nulls(${plain.join(", ")}) = 0)::pg_catalog.int4,
      pg_catalog.record_gt(row(${plain.join(", ")}), row(${before.join(", ")}))::pg_catalog.int4
    ), '111')) as ${quoteName(faultColumn)}
    from (
      select ${inner}, ${key.plain.map((name, n) => `${name} as k${n}`).join(", ")}
      ${fromQuery(sql, layout)}
      where ${where.join(" and ")}
      order by ${key.names.join(", ")} limit ${chunkSize + 1}
    ) as read
    window keys as (order by ${plain.join(", ")}) order by ${plain.join(", ")}`;
}

/** A page whose rows are texts of records. */
export function textPage(
  rows: readonly (readonly unknown[])[],
  { key, layout, toRow }: View,
): Page {
  return {
    length: rows.length,
    faults: rows.map(([, fault]) => fault),
    keyAt: (place) => {
      const fields = fieldsOf(rows[place]![0], layout.columns.length);
      return key.places.map((place) => fields[place]!);
    },
    rowAt: (place) => toRow(rows[place]![0]),
  };
}

/** A page whose rows are what the client makes of them. */
export function clientPage(rows: readonly Row[], { key }: View): Page {
  // A client may rename columns.
  const [keyName, faultName] = Object.keys(rows[0] ?? {}).slice(-2) as [string, string];
  const keys = rows.map((row) => row[keyName]);
  const faults = rows.map((row) => row[faultName]);
  for (const row of rows) {
    delete row[keyName];
    delete row[faultName];
  }
  return {
    length: rows.length,
    faults,
    keyAt: (place) => fieldsOf(keys[place], key.names.length) as string[],
    rowAt: (place) => rows[place]!,
  };
}
